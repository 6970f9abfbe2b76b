"""What waits to be sent to one visit: bounded, so that a slow reader loses only its own place."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from conference.core.facts import Told

FACT_LIMIT = 256
"""Facts that wait for one visit; beyond that it is told to take a fresh snapshot."""
BACKLOG_LIMIT = 16
"""Packets that the transport may hold before the outbox waits."""
_BLOCKED_PAUSE = 0.05

Send = Callable[[str, Any], Awaitable[None]]


class Outbox:
    """Sends facts in order and the newest of each signal, and never holds more than it may.

    Args:
        send: puts one event into the transport.
        backlog: how many packets the transport still holds.
    """

    def __init__(self, send: Send, backlog: Callable[[], int]) -> None:
        self._send = send
        self._backlog = backlog
        self._hello: Any = None
        self._facts: deque[tuple[str, Any]] = deque()
        self._signals: dict[str, tuple[str, Any]] = {}
        self._resync = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, hello: Any) -> None:
        """Begin to send: `hello` first, then what has come in meanwhile."""
        self._hello = hello
        self._wake.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop at once; what waits is dropped."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def fact(self, told: Told) -> None:
        """Queue a fact; when there are too many, all of them give way to one ``resync``."""
        if len(self._facts) >= FACT_LIMIT:
            self.resync()
        elif not self._resync:
            self._facts.append(("fact", told.as_dict()))
            self._wake.set()

    def resync(self) -> None:
        """Let everything that waits give way to the word that a fresh snapshot is needed."""
        self._facts.clear()
        self._resync = True
        self._wake.set()

    def signal(self, name: str, body: Any, key: str = "") -> None:
        """Queue a signal; a newer one of the same name and key replaces it."""
        self._signals[f"{name}/{key}"] = (name, body)
        self._wake.set()

    def waiting(self) -> int:
        """How much waits now."""
        return len(self._facts) + len(self._signals) + self._resync + (self._hello is not None)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.waiting():
                while self._backlog() >= BACKLOG_LIMIT:
                    await asyncio.sleep(_BLOCKED_PAUSE)
                await self._send_next()

    async def _send_next(self) -> None:
        if self._hello is not None:
            hello, self._hello = self._hello, None
            await self._send("hello", hello)
        elif self._resync:
            self._resync = False
            await self._send("resync", {})
        elif self._facts:
            await self._send(*self._facts.popleft())
        else:
            name, body = self._signals.pop(next(iter(self._signals)))
            await self._send("signal", {"name": name, "body": body})
