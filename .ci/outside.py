#!/usr/bin/env python3
"""Other programs read the tables that colonna writes: equal counts and sums, or this fails.

usage: outside.py PROGRAM     (the built `colonna`)

Python's `deltalake` reads the log, DuckDB the folders of Parquet, Polars both. What the profiles
make of the same rows, each by encodings of its own, must be the same rows to each reader, value by
value; pyarrow reads those, too.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import deltalake
import duckdb
import polars
import pyarrow.parquet

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
TESTDATA = pathlib.Path(__file__).resolve().parent.parent / "testdata"

# table, inputs, how it is loaded, the column that is summed
TABLES = [
    ("events", ["events.ndjson"], ["--time", "ts", "--by", "day"], "duration_ms"),
    ("events_hour", ["events.ndjson"], ["--time", "ts", "--by", "hour"], "status"),
    ("events_month", ["events.ndjson"], ["--time", "ts", "--by", "month"], "status"),
    ("trips", ["trips.csv"], ["--time", "began_at", "--by", "day"], "fare"),
    ("trips_year", ["trips.csv"], ["--time", "began_at", "--by", "year"], "tip"),
    ("trips_flat", ["trips.csv"], [], "distance_km"),
    ("trips_zone", ["trips.csv"], ["--by", "from_zone"], "fare"),
    ("access", ["access.log"], ["--time", "time", "--by", "day"], "status"),
]


def colonna(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"colonna {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def check(table, reader, wanted, found):
    same = wanted[0] == found[0] and math.isclose(wanted[1], found[1], rel_tol=1e-12)
    print(f"{'ok  ' if same else 'FAIL'} {table:14} {reader:16} {found}")
    return same


# Inputs whose columns are encoded in many ways, and how they are loaded.
PROFILED = [
    ("events.ndjson", ["--time", "ts", "--by", "month"]),
    ("trips.csv", ["--time", "began_at", "--by", "month"]),
]


def rows_by_reader(table):
    """All rows as each reader finds them, file after file."""
    files = [str(path) for path in sorted(table.glob("*/*.parquet"), key=lambda path: path.parent)]
    with_duckdb = [duckdb.sql(f"SELECT * FROM read_parquet('{file}', hive_partitioning=false)").to_arrow_table() for file in files]
    return {
        "duckdb": [rows.to_pylist() for rows in with_duckdb],
        "polars": [polars.read_parquet(file, use_pyarrow=False).to_dicts() for file in files],
        "pyarrow": [pyarrow.parquet.ParquetFile(file).read().to_pylist() for file in files],
    }


def check_profiles(folder):
    """How many readers find the same rows, whatever the profile, and how many do not."""
    passed = failed = 0
    for name, options in PROFILED:
        found = {}
        for profile in ["balanced", "smallest", "fastest"]:
            table = pathlib.Path(folder) / f"{name}-{profile}"
            colonna("load", table, TESTDATA / name, *options, "--profile", profile)
            found[profile] = rows_by_reader(table)
        wanted = found["balanced"]["pyarrow"]
        count = sum(map(len, wanted))
        for profile, readers in found.items():
            for reader, rows in readers.items():
                # One reader's times have a zone object of its own kind: their texts are the same.
                same = count > 0 and repr_of(rows) == repr_of(wanted)
                print(f"{'ok  ' if same else 'FAIL'} {name} {profile:8} {reader:8} {count} rows")
                passed, failed = (passed + 1, failed) if same else (passed, failed + 1)
    return passed, failed


def repr_of(files):
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value.timestamp() if hasattr(value, "timestamp") else value

    return [plain(row) for rows in files for row in rows]


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, inputs, options, column in TABLES:
            table = pathlib.Path(folder) / name
            colonna("load", table, *(TESTDATA / each for each in inputs), *options)
            answer = colonna("query", table, f'SELECT count(*) AS c, sum("{column}") AS s FROM t', "--format", "json")
            row = json.loads(answer.splitlines()[0])
            wanted = (row["c"], row["s"])

            delta = deltalake.DeltaTable(str(table)).to_pyarrow_table()
            lazy = polars.scan_delta(str(table)).select(polars.len(), polars.col(column).sum()).collect()
            parquet = f"read_parquet('{table}/**/*.parquet', hive_partitioning=true)"
            hive = duckdb.sql(f'SELECT count(*), sum("{column}") FROM {parquet}').fetchall()[0]
            folders = polars.scan_parquet(f"{table}/**/*.parquet", hive_partitioning=True)
            folders = folders.select(polars.len(), polars.col(column).sum()).collect()
            for reader, found in [
                ("deltalake", (delta.num_rows, sum(v for v in delta[column].to_pylist() if v is not None))),
                ("polars delta", lazy.row(0)),
                ("duckdb parquet", hive),
                ("polars parquet", folders.row(0)),
            ]:
                if check(name, reader, wanted, found):
                    passed += 1
                else:
                    failed += 1
        more = check_profiles(folder)
        passed, failed = passed + more[0], failed + more[1]
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
