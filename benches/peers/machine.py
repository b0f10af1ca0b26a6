"""What a figure depends on beside the code: the machine, and the versions of all that ran."""
import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

import home


def cores():
    return len(os.sched_getaffinity(0))


def described(colonna):
    """Markdown lines that belong above every table."""
    return "\n".join(
        [
            f"- date: {datetime.date.today().isoformat()}",
            f"- machine: {processor()}, {cores()} cores, {memory_gib():.0f} GiB of memory, {platform.system()} "
            f"{platform.release()}, {platform.machine()}; load before the first run {os.getloadavg()[0]:.1f}",
            f"- {colonna_version(colonna)}; {', '.join(pinned_versions())}; Python {platform.python_version()}",
        ]
    )


def processor():
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()


def memory_gib():
    found = re.search(r"^MemTotal:\s*(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(found[1]) / 2**20


def colonna_version(colonna):
    version = subprocess.run([colonna, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    commit = subprocess.run(describe, cwd=home.REPOSITORY, capture_output=True, text=True).stdout.strip()
    return f"{version} (commit {commit})" if commit else version


def pinned_versions():
    lines = (home.HERE / "requirements.txt").read_text().split()
    return [line.replace("==", " ") for line in lines]
