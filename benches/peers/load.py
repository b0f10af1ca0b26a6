"""Loads: every engine turns every input into a table of day partitions, measured in turns."""
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass, field

import home
from facts import facts, values_lost
from load_child import SETTINGS
from machine import cores
from measure import Measurement, measure


@dataclass
class Contestant:
    """An engine with its settings, and what came of it on one input."""

    engine: str
    threads: int
    settings: str = ""
    runs: list = field(default_factory=list)
    failure: str = ""
    rows: int = 0
    rows_lost: int = 0
    values_lost: int = 0
    fields_lost: list = field(default_factory=list)
    table_bytes: int = 0
    table_files: int = 0

    @property
    def name(self):
        return self.engine if self.threads == cores() else f"{self.engine}, {self.threads} thread"

    @property
    def whole(self):
        """Whether it loaded all that was in the input."""
        return not self.failure and not self.rows_lost and not self.values_lost

    def median(self, quantity):
        return statistics.median(run[quantity] for run in self.runs)


def run_loads(inputs, engines, runs):
    """Measures the engines on each input, and yields `(input, facts, contestants)`."""
    for wanted in inputs:
        known = facts(wanted)
        wanted.warm()
        contestants = [settled(wanted, known, engine, cores()) for engine in engines]
        if wanted.scaling and cores() > 1 and "colonna" in engines:
            contestants.append(settled(wanted, known, "colonna", 1))
        # In turns, so that a busy minute of the machine falls on all alike.
        for _ in range(runs):
            for contestant in contestants:
                if not contestant.failure:
                    load(wanted, contestant)
        for contestant in contestants:
            if not contestant.failure:
                check(known, contestant)
        yield wanted, known, contestants


def settled(wanted, known, engine, threads):
    """The engine with the first of its settings that keeps all, else with the one that keeps most."""
    tried = []
    for settings in SETTINGS.get(engine, {"": {}}):
        contestant = Contestant(engine, threads, settings)
        load(wanted, contestant)
        if not contestant.failure:
            check(known, contestant)
        contestant.runs.clear()
        tried.append(contestant)
        progress(wanted, contestant)
        if contestant.whole:
            break
    return min(tried, key=lambda one: (bool(one.failure), abs(one.rows_lost), one.values_lost))


def load(wanted, contestant):
    """One run into an empty folder. A failure is kept, and ends the engine's part."""
    run = measure(command(wanted, contestant), piped=wanted.piped)
    # colonna ends with 1 where it set records aside, which the count of rows shows.
    contestant.failure = run.failure((0, 1) if contestant.engine == "colonna" else (0,)) or ""
    if contestant.failure:
        return
    files = [path for path in folder_of(contestant).rglob("*") if path.is_file()]
    quantities = without_imports(run) if contestant.engine in SETTINGS else vars(run)
    quantities["durable_seconds"] = quantities["seconds"] + seconds_to_sync(files)
    contestant.runs.append(quantities)
    contestant.table_bytes = sum(path.stat().st_size for path in files)
    contestant.table_files = sum(path.suffix == ".parquet" for path in files)


def seconds_to_sync(files):
    """What it takes until the files are on disk. colonna waits for that by itself, the peers do not."""
    began = time.perf_counter()
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return time.perf_counter() - began


def folder_of(contestant):
    return home.folder("tables", contestant.name.replace(", ", "-").replace(" ", "-"))


def command(wanted, contestant):
    out = home.empty_folder(*folder_of(contestant).relative_to(home.folder()).parts)
    if contestant.engine == "colonna":
        source = "-" if wanted.piped else wanted.source
        options = ["--time", wanted.time, "--by", "day", "--threads", str(contestant.threads)]
        return [home.program("colonna"), "load", str(out), source, *options]
    job = {
        "engine": contestant.engine,
        "settings": contestant.settings,
        "format": wanted.format,
        "source": wanted.source,
        "time": wanted.time,
        "out": str(out),
        "threads": contestant.threads,
    }
    return [home.python_with_peers(), str(home.HERE / "load_child.py"), json.dumps(job)]


def without_imports(run: Measurement):
    """A peer's run without what starting Python and importing the engine costs."""
    inside = json.loads(run.output.splitlines()[-1])
    cpu_seconds = run.cpu_seconds - inside["import_cpu_seconds"]
    return vars(run) | {"seconds": inside["seconds"], "cpu_seconds": cpu_seconds, "process_seconds": run.seconds}


def check(known, contestant):
    """Counts the table that the last run left against the input."""
    counted = measure([home.python_with_peers(), str(home.HERE / "kept_child.py"), str(folder_of(contestant))])
    if counted.failure():
        contestant.failure = f"its table cannot be read: {counted.failure()}"
        return
    kept = json.loads(counted.output)
    contestant.rows = kept["rows"]
    contestant.rows_lost = known["rows"] - kept["rows"]
    contestant.values_lost, contestant.fields_lost = values_lost(known, kept)


def progress(wanted, contestant):
    outcome = contestant.failure or (
        f"{contestant.rows_lost:,} rows and {contestant.values_lost:,} values lost"
        if not contestant.whole
        else f"{contestant.rows:,} rows"
    )
    settings = f" ({contestant.settings})" if contestant.settings else ""
    print(f"{wanted.name}: {contestant.name}{settings}: {outcome}", file=sys.stderr, flush=True)
