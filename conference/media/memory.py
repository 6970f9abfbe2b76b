"""How much memory this process uses."""

from __future__ import annotations

import resource
from pathlib import Path


def resident() -> int:
    """Bytes in memory now (proc(5), ``statm``)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()
