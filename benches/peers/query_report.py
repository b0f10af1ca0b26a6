"""The tables of the query part, as Markdown."""
import math

from load_report import head, row
from query import CACHED

NOTE = """\
Milliseconds, best of {repeat} runs in one process, {rounds}. `!` marks an answer that is not DuckDB's, `-` a query that
failed; neither enters a mean. Means are geometric. *Cached* is colonna once more, with the inflated pages of the runs
before at hand; no peer is asked to compete with that."""


def query_report(chosen, replies, engines, repeat, rounds):
    """Means against each peer, then by class, then every query."""
    in_turns = "once" if rounds == 1 else f"the best of {rounds} rounds"
    lines = [NOTE.format(repeat=repeat, rounds=in_turns), ""]
    peers = [engine for engine in engines if engine != "colonna"]
    if "colonna" in engines and peers:
        lines += against_peers(chosen, replies, peers)
        lines += by_class(chosen, replies, peers)
    lines += every_query(chosen, replies, engines)
    return "\n".join(lines)


def against_peers(chosen, replies, peers):
    """A line for each peer, over the queries that both it and colonna answered rightly."""
    columns = ["peer", "queries", "peer ms", "colonna ms", "colonna is faster by", "on the core queries"]
    lines = head([*columns, "cached"])
    for peer in peers:
        both = answered(chosen, replies, peer)
        core = [query for query in both if query.core]
        theirs, ours = mean_ms(both, replies, peer), mean_ms(both, replies, "colonna")
        cells = [peer, f"{len(both)} of {len(chosen)}", number(theirs), number(ours)]
        cells += [f"**{times(both, replies, peer)}**", f"{times(core, replies, peer)} ({len(core)})"]
        cells.append(times(both, replies, peer, CACHED))
        lines.append(row(*cells))
    parts = {"all": chosen, "the core queries": [query for query in chosen if query.core]}
    verdicts = [f"{against_best(members, replies, peers)} on {name}" for name, members in parts.items() if members]
    verdict = f"Against the best single peer colonna is faster by {', by '.join(verdicts)}."
    return [*lines, "", verdict, ""]


def against_best(members, replies, peers):
    best = best_peer(members, replies, peers)
    return f"**{times(answered(members, replies, best), replies, best)}** ({best})"


def best_peer(members, replies, peers):
    """The peer that answers as many of the queries as any, and of those the fastest."""

    def rank(peer):
        both = answered(members, replies, peer)
        return -len(both), mean_ms(both, replies, peer)

    return min(peers, key=rank)


def by_class(chosen, replies, peers):
    columns = ["class", "queries", "colonna ms", "best peer ms", "colonna is faster by", "cached"]
    lines = head([*columns, "least, of any peer"], 1)
    for kind in dict.fromkeys(query.kind for query in chosen):
        members = [query for query in chosen if query.kind == kind]
        best = best_peer(members, replies, peers)
        both = answered(members, replies, best)
        cells = [kind, f"{len(members)}", number(mean_ms(both, replies, "colonna"))]
        cells += [f"{number(mean_ms(both, replies, best))} {best}", f"**{times(both, replies, best)}**"]
        cells.append(times(both, replies, best, CACHED))
        lines.append(row(*cells, slowest(members, replies, peers)))
    return [*lines, ""]


def every_query(chosen, replies, engines):
    engines = [engine for name in engines for engine in ([name, CACHED] if name == "colonna" else [name])]
    lines = [row("query", "class", *engines), row("---", "---", *["--:"] * len(engines))]
    for query in chosen:
        name = f"**{query.id}**" if query.core else query.id
        lines.append(row(name, query.kind, *(cell(replies[query.id][engine]) for engine in engines)))
    return lines


def cell(reply):
    if reply.failure:
        return "-"
    return number(reply.best_ms) + ("" if reply.right else " !")


def answered(members, replies, peer):
    """The queries that both colonna and the peer answered rightly."""
    return [query for query in members if replies[query.id][peer].right and replies[query.id]["colonna"].right]


def mean_ms(members, replies, engine):
    logs = [math.log(max(replies[query.id][engine].best_ms, 1e-3)) for query in members]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def times(members, replies, peer, ours="colonna"):
    ratio = mean_ms(members, replies, peer) / mean_ms(members, replies, ours)
    return "" if math.isnan(ratio) else f"{ratio:.2f}"


def slowest(members, replies, peers):
    """The query of the class in which colonna stands worst against whoever is best at it."""
    ratios = {}
    for query in members:
        ours = replies[query.id]["colonna"]
        theirs = [replies[query.id][peer].best_ms for peer in peers if replies[query.id][peer].right]
        if ours.right and theirs:
            ratios[query.id] = min(theirs) / max(ours.best_ms, 1e-3)
    if not ratios:
        return ""
    worst = min(ratios, key=ratios.get)
    return f"{worst} {ratios[worst]:.2f}"


def number(value):
    return "" if math.isnan(value) else f"{value:.2f}" if value < 10 else f"{value:,.1f}"

