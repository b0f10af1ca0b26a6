"""Runs a process and measures it from outside, as the kernel counts.

The kernel's peak of a process is at least that of the one it was started from: this program stays
small, and leaves whatever needs memory to processes of their own.
"""
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass


@dataclass
class Measurement:
    """One run. The CPU seconds are those of the user and of the kernel on its behalf."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    output: str
    errors: str

    def failure(self, accepted=(0,)):
        """Why it failed in one line, or None where its exit code is one of those."""
        if self.exit_code in accepted:
            return None
        if self.exit_code < 0:
            return f"ended by signal {-self.exit_code}"
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        # Python's errors stand after the traceback and may have several lines.
        named = [line for line in lines if "Error: " in line or "Exception: " in line]
        return (named or lines or [f"exit code {self.exit_code}"])[-1 if not named else 0][:240]


def measure(command, piped=None, limit_seconds=1800):
    """Runs the command, with a file piped into it by `cat` where one is given.

    What is waiting to be written is written first, so that nobody pays for another's output.
    """
    os.sync()
    environment = dict(os.environ, TZ="UTC")
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        feeder = subprocess.Popen(["cat", piped], stdout=subprocess.PIPE) if piped else None
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=feeder.stdout if feeder else subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment,
        )
        if feeder:
            feeder.stdout.close()
        watch = threading.Timer(limit_seconds, process.kill)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        watch.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if feeder:
            feeder.wait()
        return Measurement(
            seconds=seconds,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_bytes=usage.ru_maxrss * 1024,
            exit_code=process.returncode,
            output=text_of(output),
            errors=text_of(errors),
        )


def text_of(file):
    file.seek(0)
    return file.read().decode(errors="replace")
