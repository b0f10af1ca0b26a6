"""The tables of the load part, as Markdown."""

SUMMARY = [
    "input",
    "MB",
    "colonna MB/s",
    "fastest peer MB/s",
    "speed",
    "CPU s (leanest peer)",
    "CPU",
    "table MB (smallest peer)",
    "size",
    "peak MB (fastest peer)",
]

DETAIL = [
    "engine",
    "MB/s",
    "to fastest peer",
    "MB/s to disk",
    "CPU s",
    "to leanest peer",
    "table MB",
    "to smallest peer",
    "peak MB",
    "files",
    "rows",
    "remarks",
]

NOTE = """\
MB/s are of the text, also where it was compressed. Ratios compare with the peers that kept every row
and every value of the input: speed above 1 is faster, CPU and size below 1 are less. *MB/s to disk*
counts the time until the files are synced, which colonna waits for by itself and the peers do not."""


def head(names, texts=0):
    """The two lines above a table: numbers stand right, the first column and the last `texts` left."""
    numbers = len(names) - 1 - texts
    return [row(*names), row("---", *["--:"] * numbers, *["---"] * texts)]


def load_report(results):
    """A line for each input, then a table for each with all engines."""
    best = [(wanted, contestants, best_peers(contestants)) for wanted, _, contestants in results]
    lines = [NOTE, "", *head(SUMMARY)]
    lines += [summary_line(wanted, contestants, peers) for wanted, contestants, peers in best]
    for (wanted, contestants, peers), (_, known, _) in zip(best, results):
        lines += ["", f"**{wanted.name}**: {wanted.about}; {wanted.byte_len() / 1e6:,.0f} MB", "", *head(DETAIL, 1)]
        lines += [detail_line(wanted, known, one, peers) for one in contestants]
    return "\n".join(lines)


def best_peers(contestants):
    """The fastest, leanest and smallest of the peers that kept everything; none where none did."""
    peers = [one for one in contestants if one.engine != "colonna" and one.whole]
    if not peers:
        return None
    return {
        "fastest": min(peers, key=lambda one: one.median("seconds")),
        "leanest": min(peers, key=lambda one: one.median("cpu_seconds")),
        "smallest": min(peers, key=lambda one: one.table_bytes),
    }


def summary_line(wanted, contestants, peers):
    megabytes = wanted.byte_len() / 1e6
    ours = next((one for one in contestants if one.engine == "colonna"), None)
    if ours is None or ours.failure:
        return row(wanted.name, f"{megabytes:,.0f}", "failed", *[""] * (len(SUMMARY) - 3))
    speed = f"{megabytes / ours.median('seconds'):,.0f}" + ("" if ours.whole else " (incomplete)")
    cpu, size, peak = ours.median("cpu_seconds"), ours.table_bytes, ours.median("peak_bytes") / 1e6
    if peers is None:
        single = [f"{cpu:.2f}", "", f"{size / 1e6:.1f}", "", f"{peak:,.0f}"]
        return row(wanted.name, f"{megabytes:,.0f}", speed, "none loads all of it", "", *single)
    fastest, leanest, smallest = peers["fastest"], peers["leanest"], peers["smallest"]
    return row(
        wanted.name,
        f"{megabytes:,.0f}",
        speed,
        f"{megabytes / fastest.median('seconds'):,.0f} {fastest.engine}",
        f"**{fastest.median('seconds') / ours.median('seconds'):.2f}**",
        f"{cpu:.2f} ({leanest.median('cpu_seconds'):.2f} {leanest.engine})",
        f"{cpu / leanest.median('cpu_seconds'):.2f}",
        f"{size / 1e6:.1f} ({smallest.table_bytes / 1e6:.1f} {smallest.engine})",
        f"{size / smallest.table_bytes:.2f}",
        f"{peak:,.0f} ({fastest.median('peak_bytes') / 1e6:,.0f})",
    )


def detail_line(wanted, known, one, peers):
    if one.failure:
        return row(one.name, *[""] * (len(DETAIL) - 2), f"failed: {one.failure}".replace("|", "/"))
    seconds, cpu = one.median("seconds"), one.median("cpu_seconds")
    ratios = ["", "", ""]
    if peers:
        ratios = [
            f"{peers['fastest'].median('seconds') / seconds:.2f}",
            f"{cpu / peers['leanest'].median('cpu_seconds'):.2f}",
            f"{one.table_bytes / peers['smallest'].table_bytes:.2f}",
        ]
    return row(
        one.name,
        f"{wanted.byte_len() / 1e6 / seconds:,.0f}",
        ratios[0],
        f"{wanted.byte_len() / 1e6 / one.median('durable_seconds'):,.0f}",
        f"{cpu:.2f}",
        ratios[1],
        f"{one.table_bytes / 1e6:.1f}",
        ratios[2],
        f"{one.median('peak_bytes') / 1e6:,.0f}",
        f"{one.table_files:,}",
        f"{one.rows:,} of {known['rows']:,}" if one.rows_lost else f"{one.rows:,}",
        remarks(one),
    )


def remarks(one):
    found = [one.settings] if one.settings else []
    if one.values_lost:
        fields = ", ".join(f"`{name}`" for name in one.fields_lost[:3])
        more = f" and {len(one.fields_lost) - 3} more fields" if len(one.fields_lost) > 3 else ""
        found.append(f"**{one.values_lost:,} values lost**, of {fields}{more}")
    return "; ".join(found)


def row(*cells):
    return f"| {' | '.join(cells)} |"
