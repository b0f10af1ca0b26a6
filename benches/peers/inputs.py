"""What is loaded: two workloads of this repository, the same compressed and piped, and real sets."""
import glob
import subprocess
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import home

SEED = 11


@dataclass(frozen=True)
class Input:
    """One thing to load. `plain` is its text as a path or glob, `source` what the engines are given."""

    name: str
    about: str
    format: str
    time: str
    plain: str
    source: str
    scaling: bool = False

    @property
    def piped(self):
        """The file to feed into standard input, or None."""
        return self.plain if self.source == "/dev/stdin" else None

    def files(self):
        return sorted(glob.glob(self.plain))

    def byte_len(self):
        """The bytes of the text, also where it is read compressed."""
        return sum(Path(path).stat().st_size for path in self.files())

    def warm(self):
        """Reads it once, so that every engine finds it in the page cache."""
        for path in [self.piped] if self.piped else glob.glob(self.source):
            with open(path, "rb") as file:
                while file.read(1 << 22):
                    pass


def makers(event_rows, archives):
    """A function for each input, by its name, that returns it and first makes it where it is not there."""
    trip_rows = event_rows * 5 // 3
    plain = {
        "events": partial(generated, "events", event_rows, "ndjson", "ts", "nested events of a web shop"),
        "trips": partial(generated, "trips", trip_rows, "csv", "began_at", "trips of a taxi company"),
    }
    found = dict(plain)
    for name, make in plain.items():
        found[f"{name}.gz"] = partial(compressed, make, ".gz", ["gzip", "-6", "-c"])
        found[f"{name}.zst"] = partial(compressed, make, ".zst", ["zstd", "-q", "-3", "-c"])
        found[f"{name} piped"] = partial(piped, make)
    for name, (archive, *_) in REAL.items():
        if (Path(archives) / archive).is_file() or unpacked(name):
            found[name] = partial(real, name, Path(archives))
    return found


def generated(workload, rows, ending, time, about):
    path = home.folder() / f"{workload}-{rows}.{ending}"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        subprocess.run([home.program("generate"), workload, str(rows), str(SEED), unfinished], check=True)
        unfinished.rename(path)
    kind = "json" if ending == "ndjson" else "csv"
    return Input(workload, f"{rows:,} {about}", kind, time, str(path), str(path), scaling=True)


def compressed(make, ending, program):
    plain = make()
    path = Path(plain.plain + ending)
    if not path.exists():
        unfinished = Path(f"{path}.unfinished")
        with open(unfinished, "wb") as out:
            subprocess.run([*program, plain.plain], stdout=out, check=True)
        unfinished.rename(path)
    about = f"{plain.about}, {program[0]} {program[-2]}, {path.stat().st_size / 1e6:.0f} MB compressed"
    return replace(plain, name=plain.name + ending, about=about, source=str(path), scaling=False)


def piped(make):
    plain = make()
    about = f"{plain.about}, from a pipe"
    return replace(plain, name=f"{plain.name} piped", about=about, source="/dev/stdin", scaling=False)


# name: archive, what it is, format, time, where the files lie in the archive
REAL = {
    "retail": (
        "online-retail-by-day.tar.zst",
        "UCI Online Retail, a file a day",
        "csv",
        "InvoiceDate",
        "spark-guide/data/retail-data/by-day/*.csv",
    ),
    "journey": (
        "complete-journey.tar.zst",
        "completejourney, a year of transactions",
        "csv",
        "transaction_timestamp",
        "completejourney/csv/transactions.csv",
    ),
    "windows": (
        "windows-persistence.tar.zst",
        "OTRF Security-Datasets, Windows events of 384 shapes",
        "json",
        "@timestamp",
        "security-datasets-json/*.json",
    ),
    "zeek": (
        "zeek-dns-ssl.tar.zst",
        "network logs of Zeek, dns and ssl",
        "json",
        "ts",
        "zeek-ndjson/*.json",
    ),
}


def unpacked(name):
    return glob.glob(str(home.folder("real") / REAL[name][-1]))


def real(name, archives):
    archive, about, kind, time, pattern = REAL[name]
    folder = home.folder("real")
    if not unpacked(name):
        unpack = subprocess.Popen(["zstd", "-dcq", "--long=27", archives / archive], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-xf", "-", "-C", folder], stdin=unpack.stdout, check=True)
        unpack.wait()
    about += f" ({len(unpacked(name))} files)"
    return Input(name, about, kind, time, str(folder / pattern), str(folder / pattern))
