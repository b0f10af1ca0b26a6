"""A peer loads one input into day-partitioned, zstd-compressed Parquet, in a process of its own.

usage: load_child.py JOB    (JSON: engine, settings, format, source, time, out, threads)

The source is a path, a glob, or /dev/stdin. Prints JSON: the seconds from before the read to after
the last write, and the CPU seconds that the process had used before, which is what importing costs.
"""
import glob
import json
import resource
import sys
import time

# For each engine its settings, the fastest first. A load takes the first that keeps every row and
# every value of the input, so that the cautious ones are paid for only where they are needed.
SETTINGS = {
    "duckdb": {
        "types by a sample": {},
        "types by a sample of each file": {"union": True},
        "types by every row": {"union": True, "whole": True},
        "types by every row, errors passed over": {"union": True, "whole": True, "lenient": True},
    },
    "polars": {
        "types by 100 rows": {"rows": 100},
        "types by 20,000 rows": {"rows": 20_000},
        "types by every row": {"rows": None},
        "types by every row of each file": {"rows": None, "each": True},
        "types by every row of each file, errors passed over": {"rows": None, "each": True, "lenient": True},
    },
    "chdb": {
        "types by a sample": {},
        "types by a sample, times parsed": {"parse": True},
        "types by every row, times parsed": {"parse": True, "whole": True},
        "types by every row of one file, times parsed": {"parse": True, "whole": True, "one": True},
        "types by every row of one file, times parsed, errors passed over": {
            "parse": True,
            "whole": True,
            "one": True,
            "lenient": True,
        },
    },
}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def duckdb(job, settings):
    import duckdb

    options = {}
    if settings.get("union"):
        options["union_by_name"] = "true"
    if settings.get("whole"):
        options["sample_size"] = -1
        if job["format"] == "json":
            # Objects of many keys stay structs, and rare keys stay columns.
            options |= {"map_inference_threshold": -1, "field_appearance_threshold": 0}
    if settings.get("lenient"):
        options["ignore_errors"] = "true"
    reader = "read_ndjson" if job["format"] == "json" else "read_csv"
    arguments = [quoted(job["source"]), *(f"{name}={value}" for name, value in options.items())]
    day = f"CAST(CAST(\"{job['time']}\" AS TIMESTAMP) AS DATE) AS day"

    def load():
        connection = duckdb.connect()
        connection.execute(f"SET threads={job['threads']}")
        connection.execute("SET preserve_insertion_order=false")
        connection.execute(
            f"COPY (SELECT *, {day} FROM {reader}({', '.join(arguments)})) TO {quoted(job['out'])} "
            "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, PARTITION_BY (day), OVERWRITE_OR_IGNORE)"
        )

    return load


def polars(job, settings):
    import polars

    options = {"infer_schema_length": settings["rows"], "ignore_errors": settings.get("lenient", False)}

    def rows(source):
        if job["format"] == "json":
            return polars.scan_ndjson(source, **options)
        return polars.scan_csv(source, try_parse_dates=True, **options)

    def load():
        if settings.get("each") and "*" in job["source"]:
            parts = [rows(path) for path in sorted(glob.glob(job["source"]))]
            everything = polars.concat(parts, how="diagonal_relaxed")
        else:
            everything = rows(sys.stdin.buffer if job["source"] == "/dev/stdin" else job["source"])
        # Its JSON reader leaves times as text, whose first ten characters are the day.
        day = polars.col(job["time"]).cast(polars.String).str.slice(0, 10).alias("day")
        target = polars.PartitionBy(job["out"], key=day, include_key=False)
        everything.sink_parquet(target, compression="zstd", maintain_order=False, mkdir=True, engine="streaming")

    return load


def chdb(job, settings):
    import chdb

    options = {
        "max_threads": job["threads"],
        "max_insert_threads": job["threads"],
        "max_partitions_per_insert_block": 0,
        "output_format_parquet_compression_method": "'zstd'",
    }
    if "*" in job["source"] and not settings.get("one"):
        options["schema_inference_mode"] = "'union'"
    if settings.get("whole"):
        options["input_format_max_rows_to_read_for_schema_inference"] = 10**12
        options["input_format_max_bytes_to_read_for_schema_inference"] = 10**15
    if settings.get("lenient"):
        options["input_format_allow_errors_ratio"] = 1
    kind = "JSONEachRow" if job["format"] == "json" else "CSVWithNames"
    moment = f"`{job['time']}`"
    if settings.get("parse"):
        # A day may be null, a partition may not.
        moment = f"ifNull(parseDateTimeBestEffortOrNull(toString({moment})), toDateTime(0))"
    source = "-" if job["source"] == "/dev/stdin" else job["source"]
    target = quoted(job["out"] + "/day_{_partition_id}.parquet")
    query = (
        f"INSERT INTO FUNCTION file({target}, 'Parquet') PARTITION BY toDate({moment}) "
        f"SELECT * FROM file({quoted(source)}, '{kind}') "
        f"SETTINGS {', '.join(f'{name}={value}' for name, value in options.items())}"
    )
    return lambda: chdb.query(query)


def main():
    job = json.loads(sys.argv[1])
    engine = {"duckdb": duckdb, "polars": polars, "chdb": chdb}[job["engine"]]
    load = engine(job, SETTINGS[job["engine"]][job["settings"]])
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    load()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "import_cpu_seconds": before.ru_utime + before.ru_stime}))


if __name__ == "__main__":
    main()
