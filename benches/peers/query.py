"""Queries: every engine answers the same questions of the same folders, which colonna wrote, or DuckDB."""
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass

import answers
import home
from machine import cores
from measure import measure

REFERENCE = "duckdb"
# colonna once more, which keeps the pages it has inflated for the runs after the first.
CACHED = "cached"
CACHE_SIZE = "4GB"
LIMIT_SECONDS = 120


@dataclass
class Query:
    """A line of `queries.toml`."""

    id: str
    kind: str
    core: bool
    words: dict

    def sql(self, engine):
        return self.words.get(engine, self.words["sql"]).strip()


@dataclass
class Reply:
    """The best time of an engine for a query, its answer, and whether that is the reference's."""

    best_ms: float = 0.0
    rows: list | None = None
    failure: str = ""
    right: bool = False


def queries():
    with open(home.HERE / "queries.toml", "rb") as file:
        return [
            Query(entry.pop("id"), entry.pop("class"), entry.pop("core", False), entry)
            for entry in tomllib.load(file)["query"]
        ]


def run_queries(inputs, chosen, engines, repeat, rounds, writer):
    """Loads the inputs, asks everybody everything in turns, and returns `{query id: {engine: Reply}}`."""
    tables = {wanted.name: loaded(wanted, writer) for wanted in inputs}
    peers = {engine: Peer(engine, tables) for engine in engines if engine != "colonna"}
    engines = [*engines, *([CACHED] if "colonna" in engines else [])]
    replies = {query.id: {engine: None for engine in engines} for query in chosen}
    for _ in range(rounds):
        for query in chosen:
            for engine in engines:
                if engine in peers:
                    reply = peers[engine].ask(query.sql(engine), repeat)
                else:
                    reply = ask_colonna(tables, query.sql("colonna"), repeat, engine == CACHED)
                better(replies[query.id], engine, reply)
    for peer in peers.values():
        peer.end()
    for query in chosen:
        compare(query, replies[query.id])
    return replies


def loaded(wanted, writer):
    """A fresh table of the input, and a folder with its data files alone for those who know no log."""
    partition = f"{wanted.time}_date"
    table = home.empty_folder("tables", "query", wanted.name)
    command = [home.program("colonna"), "load", str(table), wanted.plain, "--time", wanted.time, "--by", "day"]
    done = measure(command)
    if done.failure():
        sys.exit(f"colonna cannot load {wanted.name}: {done.failure()}")
    if writer == "duckdb":
        table = rewritten(wanted, table, partition)
    bare = home.empty_folder("tables", "query-data-files", wanted.name)
    files = []
    for path in sorted(table.glob("*=*/*.parquet")):
        link = bare / path.relative_to(table)
        link.parent.mkdir(exist_ok=True)
        os.link(path, link)
        files.append(str(link))
    return {"table": str(table), "folder": str(bare), "files": files, "partition": partition}


def rewritten(wanted, table, partition):
    """The same rows in files as DuckDB writes them."""
    out = home.empty_folder("tables", "query-duckdb", wanted.name)
    files = [str(path) for path in sorted(table.glob("*=*/*.parquet"))]
    job = {"files": files, "partition": partition, "out": str(out), "threads": cores()}
    done = measure([home.python_with_peers(), str(home.HERE / "rewrite_child.py"), json.dumps(job)])
    if done.failure():
        sys.exit(f"DuckDB cannot write {wanted.name}: {done.failure()}")
    return out


def better(replies, engine, reply):
    """Keeps the best time of all rounds, and a failure for good."""
    before = replies[engine]
    if before is None or reply.failure or (not before.failure and reply.best_ms < before.best_ms):
        replies[engine] = reply


def ask_colonna(tables, sql, repeat, cached):
    """colonna begins anew for each query, so the first of the runs finds nothing in memory."""
    folder = next(table["table"] for name, table in tables.items() if re.search(rf"\bFROM\s+{name}\b", sql))
    options = ["--repeat", str(repeat), "--json", "--threads", str(cores())]
    options += ["--cache", CACHE_SIZE] if cached else []
    run = measure([home.program("colonna"), "query", folder, sql, *options], limit_seconds=LIMIT_SECONDS)
    if run.failure():
        return Reply(failure=run.failure())
    answer = json.loads(run.output)
    return Reply(answer["best_ms"], [list(row.values()) for row in answer["rows"]])


class Peer:
    """A peer's process, which is begun again where it ended or was too slow."""

    def __init__(self, engine, tables):
        self.engine = engine
        self.setup = json.dumps({"tables": tables, "threads": cores()})
        self.process = None

    def ask(self, sql, repeat):
        if self.process is None:
            self.begin()
        request = json.dumps({"sql": sql, "repeat": repeat}) + "\n"
        try:
            self.process.stdin.write(request.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return Reply(failure=self.end())
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT_SECONDS)
        if not ready:
            self.process.kill()
            self.end()
            return Reply(failure=f"no answer in {LIMIT_SECONDS} s")
        line = self.process.stdout.readline()
        if not line:
            return Reply(failure=self.end())
        reply = json.loads(line)
        if "error" in reply:
            return Reply(failure=" ".join(reply["error"].split())[:240])
        return Reply(min(reply["runs_ms"]), reply["rows"])

    def begin(self):
        command = [home.python_with_peers(), "-W", "ignore", str(home.HERE / "query_child.py"), self.engine, self.setup]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=dict(os.environ, TZ="UTC", POLARS_MAX_THREADS=str(cores())),
        )

    def end(self):
        """Ends the process, and says why it had ended before if it had."""
        if self.process is None:
            return ""
        self.process.stdin.close()
        code = self.process.wait()
        self.process.stdout.close()
        self.process = None
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return f"ended with {code}: {lines[-1] if lines else 'without a word'}"[:240]


def compare(query, replies):
    reference = replies.get(REFERENCE)
    for engine, reply in replies.items():
        if reply.failure:
            print(f"{query.id}: {engine}: {reply.failure}", file=sys.stderr)
        elif reference is None or reference.failure:
            reply.right = True  # There is nothing to compare with.
        else:
            reply.right = answers.same(reply.rows, reference.rows)
            if not reply.right:
                print(f"{query.id}: {engine}: another answer than {REFERENCE}'s", file=sys.stderr)
                print(f"  {reply.rows[:3]}\n  {reference.rows[:3]}", file=sys.stderr)
