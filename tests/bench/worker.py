"""The media worker's process as the kernel sees it: its CPU, its memory, the core it may use."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from conference.rehearsal.processes import cpu_seconds, resident_bytes  # noqa: F401  (the benchmarks read them here)
from conference.rehearsal.processes import workers as pids  # noqa: F401


def waited_seconds(pid: int) -> float:
    """How long a process was ready to run while others had the core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


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
