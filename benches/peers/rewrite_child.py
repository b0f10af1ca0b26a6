"""DuckDB writes a table that colonna wrote once more, in its own way, and a Delta log goes beside it.

usage: rewrite_child.py JOB    (JSON: files, partition, out, threads)
"""
import json
import sys

import deltalake
import duckdb


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def main():
    job = json.loads(sys.argv[1])
    connection = duckdb.connect()
    connection.execute(f"SET threads={job['threads']}")
    connection.execute("SET TimeZone='UTC'")
    files = ", ".join(map(quoted, job["files"]))
    hive = f"hive_partitioning=true, hive_types={{'{job['partition']}': 'DATE'}}"
    connection.execute(
        f"COPY (SELECT * FROM read_parquet([{files}], {hive})) TO {quoted(job['out'])} "
        f"(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, PARTITION_BY ({job['partition']}), OVERWRITE_OR_IGNORE)"
    )
    partition = deltalake.Schema([deltalake.Field(job["partition"], "date", nullable=True)])
    deltalake.convert_to_deltalake(job["out"], partition_by=partition, partition_strategy="hive")


if __name__ == "__main__":
    main()
