"""Processes as the kernel sees them: their CPU, their memory, their children."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

MODULE = b"conference.media.worker"


def workers(parent: int | str = "self") -> list[int]:
    """Process ids of the media workers that a process has started, in the order of their start."""
    found = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for pid in map(int, children.read_text().split()):
                with contextlib.suppress(OSError):
                    if MODULE in Path(f"/proc/{pid}/cmdline").read_bytes():
                        found.append(pid)
    return sorted(found)


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used with all its threads, to the nanosecond. Raises OSError when it is gone."""
    return time.clock_gettime(~pid << 3 | 2)


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM now. Raises OSError when it is gone."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
