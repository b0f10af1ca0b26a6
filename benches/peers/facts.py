"""What an input holds, counted by Python's own readers, which no engine here has a part in.

The counts are what a load is checked against: the records, and for each top-level field the values
that are something (not null, nor an empty text, list or object: what becomes of those is a matter
of taste).
"""
import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

import home

EMPTY = (None, "", [], {})


def facts(wanted):
    """`{"rows": .., "values": {field: ..}}` of an input, counted once and kept."""
    print(f"counting {wanted.name}", end=" ", file=sys.stderr, flush=True)
    stamp = [[path, Path(path).stat().st_size, Path(path).stat().st_mtime_ns] for path in wanted.files()]
    kept = home.folder("facts") / (re.sub(r"\W+", "_", wanted.plain).strip("_") + ".json")
    if kept.is_file():
        known = json.loads(kept.read_text())
        if known["stamp"] == stamp:
            print("(known)", file=sys.stderr)
            return known
    rows, values = 0, Counter()
    for path in wanted.files():
        count = count_json if wanted.format == "json" else count_csv
        rows += count(path, values)
    known = {"stamp": stamp, "rows": rows, "values": dict(values)}
    kept.write_text(json.dumps(known))
    print(f"{rows:,} records", file=sys.stderr)
    return known


def count_json(path, values):
    rows = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                rows += 1
                values.update(name for name, value in json.loads(line).items() if value not in EMPTY)
    return rows


def count_csv(path, values):
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        counts, rows = [0] * len(header), 0
        for record in reader:
            if record:
                rows += 1
                for index, text in enumerate(record):
                    if text:
                        counts[index] += 1
    for name, count in zip(header, counts):
        values[name] += count
    return rows


def comparable(name):
    """A field's name without what engines do to it: `ProcessID` and `processId_2` are the same."""
    return re.sub(r"_\d+$", "", re.sub(r"\W", "_", name.casefold()))


def values_lost(wanted, kept):
    """How many values of the input the table lacks, and the fields that lack some, largest first.

    Fields whose names differ only in what engines change are counted together. What a load keeps
    in a column for values that fit no other counts as kept.
    """
    before, after = Counter(), Counter()
    for name, count in wanted["values"].items():
        before[comparable(name)] += count
    for name, count in kept["values"].items():
        after[comparable(name)] += count
    lost = {name: count - after[name] for name, count in before.items() if count > after[name]}
    return sum(lost.values()), sorted(lost, key=lost.get, reverse=True)
