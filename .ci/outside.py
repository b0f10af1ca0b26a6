#!/usr/bin/env python3
"""Other programs read the tables that colonna writes: equal counts and sums, or this fails.

usage: outside.py PROGRAM     (the built `colonna`)

Python's `deltalake` reads the log, DuckDB the folders of Parquet, Polars both.
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
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
