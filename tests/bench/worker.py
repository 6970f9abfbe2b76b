"""The media worker's process as the kernel sees it: its CPU, its memory, the core it may use."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

MODULE = b"conference.media.worker"


def pids() -> list[int]:
    """The workers that this process has started."""
    found = []
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in map(int, children.read_text().split()):
            with contextlib.suppress(OSError):
                if MODULE in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
    return found


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used with all its threads, to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)


def waited_seconds(pid: int) -> float:
    """How long a process was ready to run while others had the core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """This process and what it starts on the last core alone, so that a worker may have the first (see `alone`)."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def alone(pid: int) -> None:
    """Pin a process with all its threads to the first core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {0})
