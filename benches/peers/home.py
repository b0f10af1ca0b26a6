"""Where things are: the programs of this repository, and the folder for all that the bench makes."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent


def folder(*names):
    """A folder under $COLONNA_BENCH, or under colonna-bench in the user's cache; it is made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(os.environ.get("COLONNA_BENCH") or cache / "colonna-bench").resolve()
    path = home.joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def empty_folder(*names):
    """The same, without anything in it."""
    shutil.rmtree(folder(*names))
    return folder(*names)


def python_with_peers():
    """The interpreter of a virtual environment that holds the peers, in the versions pinned here."""
    venv, wanted = folder() / "venv", (HERE / "requirements.txt").read_text()
    python, installed = venv / "bin" / "python", venv / "installed.txt"
    if not (installed.is_file() and installed.read_text() == wanted):
        print("installing the peers into", venv, file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        installed.write_text(wanted)
    return str(python)


def program(name):
    """A release build of a program of this workspace, as it is; built only where there is none."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
    path = REPOSITORY / target / "release" / name
    if not path.is_file():
        build = ["cargo", "build", "--release", "-p", "colonna-cli", "-p", "colonna-benches", "--bins"]
        subprocess.run(build, cwd=REPOSITORY, check=True)
    return str(path)
