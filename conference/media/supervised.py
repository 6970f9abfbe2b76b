"""One worker process: started, spoken to, watched, and started again when it dies."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from conference.media import control
from conference.media.engine import MediaRefused, MediaUnavailable

logger = logging.getLogger(__name__)

CALL_TIMEOUT = 5.0
MAX_UNANSWERED = 3
STOP_TIMEOUT = 3.0
RESTART_DELAYS = (0.0, 0.0, 0.5, 2.0, 5.0)
YOUNG = 10.0
"""Seconds: a worker that dies earlier makes the next one wait a little longer."""


class Connection:
    """A running worker process and the calls it has yet to answer."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.reader = reader
        self.writer = writer
        self._ids = itertools.count(1)
        self._unanswered = 0
        self._pending: dict[int, asyncio.Future[Any]] = {}

    def call(self, verb: str, arguments: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        """Send a request at once, so that requests arrive in the order of the calls; await the result for its answer.

        Raises:
            MediaRefused: the worker refuses; MediaUnavailable: it dies, or does not answer in time.
        """
        number = next(self._ids)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        control.write(self.writer, {"id": number, "verb": verb, "arguments": arguments})
        return self._answer(number, future)

    async def _answer(self, number: int, future: asyncio.Future[Any]) -> Any:
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                return await future
        except TimeoutError:
            self._unanswered += 1
            if self._unanswered >= MAX_UNANSWERED and self.process.returncode is None:
                self.process.kill()
            raise MediaUnavailable from None
        finally:
            self._pending.pop(number, None)

    def answered(self, message: dict[str, Any]) -> None:
        """Take a reply in."""
        self._unanswered = 0
        future = self._pending.get(message["id"])
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(MediaRefused(message["error"]["message"], message["error"]["code"]))
        else:
            future.set_result(message["result"])

    def lost(self) -> None:
        """Nothing will be answered any more."""
        for future in self._pending.values():
            if not future.done():
                future.set_exception(MediaUnavailable())


class SupervisedWorker:
    """A worker process and its successors.

    Attributes:
        number: which of the engine's workers it is, from 0.
        port: its UDP port; 0 until the first process took one where any was asked for.
        ready: whether it answers now.

    Args:
        command: the command line for a control socket (its file descriptor) and a port.
        heard: called with every event of the process, ``ready`` among them.
        lost: called when a process that was ready is gone.
    """

    def __init__(
        self,
        number: int,
        port: int,
        command: Callable[[SupervisedWorker, int], list[str]],
        heard: Callable[[SupervisedWorker, dict[str, Any]], None],
        lost: Callable[[SupervisedWorker], None],
    ) -> None:
        self.number = number
        self.port = port
        self.ready = False
        self._command, self._heard, self._lost = command, heard, lost
        self._connection: Connection | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._first_word = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id, None while there is none."""
        return self._connection.process.pid if self._connection is not None else None

    async def start(self) -> None:
        """Start the process; returns when it is ready or has died."""
        self._first_word.clear()
        self._supervisor = asyncio.create_task(self._supervise())
        await self._first_word.wait()

    async def stop(self) -> None:
        """End the process."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            await asyncio.gather(supervisor, return_exceptions=True)

    def call(self, verb: str, **arguments: Any) -> Coroutine[Any, Any, Any]:
        """Send a request at once; see `Connection.call`.

        Raises:
            MediaUnavailable: no process answers now.
        """
        if self._connection is None or not self.ready:
            raise MediaUnavailable
        return self._connection.call(verb, arguments)

    async def _supervise(self) -> None:
        """Keep a process running; wait a little longer after each one that died young."""
        failures = 0
        while True:
            began = asyncio.get_running_loop().time()
            await self._run()
            young = asyncio.get_running_loop().time() - began < YOUNG
            failures = failures + 1 if young else 0
            await asyncio.sleep(RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)])

    async def _run(self) -> None:
        spawning = asyncio.create_task(self._spawn())
        try:
            connection = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await _reap(await spawning)  # a process that was half started is not left behind
            raise
        was_ready = False
        try:
            await self._read(connection)
        finally:
            was_ready, self.ready = self.ready, False
            self._connection = None
            connection.lost()
            await _reap(connection)
        logger.error("media worker %d ended with status %s", self.number, connection.process.returncode)
        self._first_word.set()
        if was_ready:
            self._lost(self)

    async def _spawn(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command(self, theirs.fileno()), stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        self._connection = Connection(process, reader, writer)
        return self._connection

    async def _read(self, connection: Connection) -> None:
        while (message := await control.read(connection.reader)) is not None:
            if "id" in message:
                connection.answered(message)
                continue
            if message["event"] == "ready":
                self.port, self.ready = message["port"], True
                self._first_word.set()
            self._heard(self, message)


async def _reap(connection: Connection) -> None:
    """The end of the control socket ends the worker; one that does not notice is killed."""
    connection.writer.close()
    process = connection.process
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    await asyncio.gather(connection.writer.wait_closed(), return_exceptions=True)
