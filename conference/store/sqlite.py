"""SQLite without a change of threads for each statement.

aiosqlite hands every call to a thread of its own and waits for it; that costs more than a statement that finds its
pages in memory. Here statements run where they are asked for, and only what waits for the disk or for another writer
goes to the thread: ``BEGIN IMMEDIATE``, commits, opening and closing.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

SLICE_SECONDS = 0.005
"""After so long in one piece, others have a turn."""
_WAITS = ("BEGIN IMMEDIATE", "COMMIT", "PRAGMA")


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that waits in its thread and works in the event loop's."""

    def __init__(self, path: str) -> None:
        super().__init__(partial(sqlite3.connect, path, check_same_thread=False), iter_chunk_size=64)
        self._thread.daemon = True
        self._turned = 0.0

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if fn in (self._conn.commit, self._conn.close) or (args and str(args[0]).startswith(_WAITS)):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        if time.monotonic() - self._turned > SLICE_SECONDS:
            await asyncio.sleep(0)
            self._turned = time.monotonic()
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        return fn(*args, **kwargs)
