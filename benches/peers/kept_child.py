"""Counts what a load has written, as DuckDB reads it, in a process of its own.

usage: kept_child.py FOLDER

Prints JSON: rows, and for each column the values that are something, as `facts.py` counts them. Of a
Delta table those files are read that its log names, as `deltalake` replays it.
"""
import glob
import json
import sys
from pathlib import Path

import deltalake
import duckdb


def data_files(folder):
    if (Path(folder) / "_delta_log").is_dir():
        return deltalake.DeltaTable(folder).file_uris()
    return glob.glob(f"{folder}/**/*.parquet", recursive=True)


def something(column, kind):
    """SQL that is true where the column holds something."""
    column = '"' + column.replace('"', '""') + '"'
    if kind == "JSON":
        return f"""{column}::VARCHAR NOT IN ('null', '""', '[]', '{{}}')"""
    if kind == "VARCHAR":
        return f"{column} <> ''"
    if kind.endswith("[]"):
        return f"len({column}) > 0"
    if kind.startswith("MAP"):
        return f"cardinality({column}) > 0"
    return f"{column} IS NOT NULL"


def main():
    files = data_files(sys.argv[1])
    if not files:
        print(json.dumps({"rows": 0, "values": {}}))
        return
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
    connection.execute(
        f"CREATE VIEW t AS SELECT * FROM read_parquet([{names}], union_by_name=true, hive_partitioning=false)"
    )
    columns = [(name, kind) for name, kind, *_ in connection.sql("DESCRIBE t").fetchall()]
    counts = ", ".join(f"count(*) FILTER ({something(name, kind)})" for name, kind in columns)
    rows, *values = connection.sql(f"SELECT count(*), {counts} FROM t").fetchall()[0]
    values = dict(zip((name for name, _ in columns), values))
    if "_residual" in values:
        kept = "SELECT unnest(json_keys(_residual)) AS field, count(*) FROM t GROUP BY field"
        for field, count in connection.sql(kept).fetchall():
            values[field] = values.get(field, 0) + count
    print(json.dumps({"rows": rows, "values": values}))


if __name__ == "__main__":
    main()
