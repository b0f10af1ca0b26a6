#!/usr/bin/env python3
"""colonna beside DuckDB, Polars and chDB (ClickHouse), and for queries DataFusion too.

One command makes the inputs, installs the peers in pinned versions into a folder of its own
($COLONNA_BENCH, or colonna-bench in the user's cache), measures all in turns, and writes Markdown.
"""
import argparse
import dataclasses
import json
import sys

import home
import machine
from inputs import makers
from load import run_loads
from load_report import load_report
from query import queries, run_queries
from query_report import query_report

LOADERS = ["colonna", "duckdb", "polars", "chdb"]
ANSWERERS = ["colonna", "duckdb", "datafusion", "chdb", "polars"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["load", "query", "all"])
    parser.add_argument("--rows", type=int, default=3_000_000, help="how many events; of trips five thirds as many")
    parser.add_argument("--runs", type=int, default=5, help="runs of each load, of which the median counts")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each query in a row, of which the best counts")
    parser.add_argument("--rounds", type=int, default=1, help="how often every engine is asked everything, in turns")
    parser.add_argument("--writer", choices=["colonna", "duckdb"], default="colonna", help="whose files are queried")
    parser.add_argument("--inputs", help="only these inputs, by name, with commas between")
    parser.add_argument("--queries", help="only these queries, by id, with commas between")
    parser.add_argument("--engines", help="only these engines, with commas between")
    parser.add_argument("--archives", default=home.REPOSITORY.parent / "shared" / "data", help="real sets, if any")
    parser.add_argument("--out", help="write the Markdown to this file too")
    return parser.parse_args()


def chosen(names, everything, what):
    """The names between commas, or everything; a name that is not there ends the program."""
    if names is None:
        return list(everything)
    wanted = names.split(",")
    for name in wanted:
        if name not in everything:
            sys.exit(f"no {what} {name!r}; there are {', '.join(everything)}")
    return wanted


def load_part(options):
    available = makers(options.rows, options.archives)
    inputs = [available[name]() for name in chosen(options.inputs, available, "input")]
    engines = chosen(options.engines, LOADERS, "engine")
    results, measured = [], []
    for wanted, known, contestants in run_loads(inputs, engines, options.runs):
        results.append((wanted, known, contestants))
        runs = list(map(dataclasses.asdict, contestants))
        measured.append({"input": vars(wanted), "rows": known["rows"], "contestants": runs})
        keep("load", measured)
    return ["### Loading", "", f"Medians of {options.runs} runs, in turns.", "", load_report(results), ""]


def query_part(options):
    available = makers(options.rows, options.archives)
    known = {query.id: query for query in queries()}
    asked = [known[name] for name in chosen(options.queries, known, "query")]
    engines = chosen(options.engines, ANSWERERS, "engine")
    inputs = [available["events"](), available["trips"]()]
    replies = run_queries(inputs, asked, engines, options.repeat, options.rounds, options.writer)
    keep("query", {name: {engine: vars(reply) for engine, reply in each.items()} for name, each in replies.items()})
    report = query_report(asked, replies, engines, options.repeat, options.rounds)
    return ["### Queries", "", f"Of {inputs[0].about} and {inputs[1].about}, in the files of {options.writer}.", "", report, ""]


def keep(part, measured):
    """Keeps every run as JSON, for whom medians do not do."""
    path = home.folder("results") / f"{part}.json"
    path.write_text(json.dumps(measured, indent=1))
    print("every run so far is in", path, file=sys.stderr)


def main():
    options = arguments()
    home.python_with_peers()
    lines = [machine.described(home.program("colonna")), "- command: `" + " ".join(sys.argv) + "`", ""]
    if options.part in ("load", "all"):
        lines += load_part(options)
    if options.part in ("query", "all"):
        lines += query_part(options)
    text = "\n".join(lines)
    print(text)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
