"""A peer answers queries, in one process that stays: a JSON line in, a JSON line out.

usage: query_child.py ENGINE TABLES    (JSON: threads, and for each table its folder, files, partition column)

In goes {"sql", "repeat"}; out comes {"runs_ms", "rows"} or {"error"}. The time of a run is from the
text of the query to the whole answer in Arrow's memory, or as near to that as the peer gets.
"""
import datetime
import decimal
import json
import sys
import time

import pyarrow
import pyarrow.ipc


# Each engine below returns the ways in which it runs SQL, and what makes rows of an answer.


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def duckdb(tables, threads):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads={threads}")
    connection.execute("SET TimeZone='UTC'")
    # It may keep footers and bytes, and need not look whether the files have changed.
    connection.execute("SET parquet_metadata_cache=true")
    connection.execute("SET validate_external_file_cache='NO_VALIDATION'")
    for name, table in tables.items():
        files = ", ".join(map(quoted, table["files"]))
        hive = f"hive_partitioning=true, hive_types={{'{table['partition']}': 'DATE'}}"
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}], {hive})")
    return [lambda sql: connection.sql(sql).to_arrow_table()], lambda answer: answer.to_pylist()


def datafusion(tables, threads):
    import datafusion

    # Filters pushed into the scan make some queries faster and others slower: it may do either.
    def way(pushed):
        config = datafusion.SessionConfig().with_target_partitions(threads)
        for setting in ("pushdown_filters", "reorder_filters"):
            config = config.set(f"datafusion.execution.parquet.{setting}", pushed)
        context = datafusion.SessionContext(config)
        for name, table in tables.items():
            partition = [(table["partition"], pyarrow.date32())]
            context.register_listing_table(
                name, table["folder"], table_partition_cols=partition, file_extension=".parquet"
            )
        return lambda sql: context.sql(sql).collect()

    def rows(batches):
        return [row for batch in batches for row in batch.to_pylist()]

    return [way("true"), way("false")], rows


def chdb(tables, threads):
    from chdb import session

    opened = session.Session()
    opened.query(f"SET max_threads={threads}, use_hive_partitioning=1, session_timezone='UTC'")
    for name, table in tables.items():
        pattern = f"{table['folder']}/{table['partition']}=*/*.parquet"
        opened.query(f"CREATE VIEW {name} AS SELECT * FROM file({quoted(pattern)}, 'Parquet')")

    def rows(answer):
        return pyarrow.ipc.open_stream(answer).read_all().to_pylist()

    return [lambda sql: opened.query(sql, "ArrowStream").bytes()], rows


def polars(tables, threads):
    import polars

    context = polars.SQLContext()
    for name, table in tables.items():
        types = {table["partition"]: polars.Date}
        context.register(name, polars.scan_parquet(table["files"], hive_partitioning=True, hive_schema=types))

    def run(sql):
        # It compares no time without a zone to one with.
        return context.execute(sql.replace("TIMESTAMP '", "TIMESTAMP WITH TIME ZONE '")).collect()

    return [run], lambda answer: answer.to_arrow().to_pylist()


def as_json(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    return str(value)


def answer(ways, rows, sql, repeat):
    """The answer, and the times of the fastest way to it."""
    times = []
    for run in ways:
        times.append([])
        for _ in range(repeat):
            began = time.perf_counter()
            result = run(sql)
            times[-1].append((time.perf_counter() - began) * 1000)
    return {"runs_ms": min(times, key=min), "rows": [list(row.values()) for row in rows(result)]}


def main():
    setup = json.loads(sys.argv[2])
    engine = {"duckdb": duckdb, "datafusion": datafusion, "chdb": chdb, "polars": polars}[sys.argv[1]]
    ways, rows = engine(setup["tables"], setup["threads"])
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(ways, rows, request["sql"], request["repeat"])
        except Exception as error:  # whatever it is, it belongs into the report
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply, default=as_json), flush=True)


if __name__ == "__main__":
    main()
