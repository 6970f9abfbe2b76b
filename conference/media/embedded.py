"""The media engine that comes with the conference: workers on this machine, started, watched and replaced by us."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from conference.media import addresses, control, sdp
from conference.media.engine import Answer, FeedKind, MediaEvent, MediaRefused, MediaUnavailable
from conference.media.waits import HALF_OPEN, SILENT

logger = logging.getLogger(__name__)

CALL_TIMEOUT = 5.0
MAX_UNANSWERED = 3
START_TIMEOUT = 20.0
STOP_TIMEOUT = 3.0
RESTART_DELAYS = (0.0, 0.0, 0.5, 2.0, 5.0)


class _Connection:
    """A running worker and the calls it has yet to answer."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.reader = reader
        self.writer = writer
        self._ids = itertools.count(1)
        self._unanswered = 0
        self._pending: dict[int, asyncio.Future[Any]] = {}

    async def call(self, verb: str, arguments: dict[str, Any]) -> Any:
        number = next(self._ids)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        control.write(self.writer, {"id": number, "verb": verb, "arguments": arguments})
        try:
            return await asyncio.wait_for(future, CALL_TIMEOUT)
        except TimeoutError:
            self._unanswered += 1
            if self._unanswered >= MAX_UNANSWERED and self.process.returncode is None:
                self.process.kill()
            raise MediaUnavailable from None
        finally:
            self._pending.pop(number, None)

    def answered(self, message: dict[str, Any]) -> None:
        self._unanswered = 0
        future = self._pending.get(message["id"])
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(MediaRefused(message["error"]["message"], message["error"]["code"]))
        else:
            future.set_result(message["result"])

    def lost(self) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(MediaUnavailable())


class EmbeddedEngine:
    """A `MediaEngine` of one worker process.

    Attributes:
        on_event: called in the event loop with each `MediaEvent`.
        port: the UDP port; after `start`, the real one where 0 was asked for.
    """

    def __init__(
        self,
        host: str = "0.0.0.0",
        port: int = 0,
        public_addresses: list[str] | None = None,
        *,
        half_open: float = HALF_OPEN,
        silent: float = SILENT,
    ) -> None:
        """Prepare; nothing is opened before `start`.

        Args:
            host: address (or name) to bind the UDP port to; a wildcard for all.
            port: UDP port, 0 for any free one.
            public_addresses: what to advertise where it differs from this machine's own addresses (behind NAT).
            half_open: seconds after which a peer that never connected is dropped.
            silent: seconds after which a peer that sends nothing authentic any more is dropped.
        """
        self.on_event: Callable[[MediaEvent], None] | None = None
        self.port = port
        self._host = host
        self._public = public_addresses
        self._waits = ["--half-open", str(half_open), "--silent", str(silent)]
        self._connection: _Connection | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._died = asyncio.Event()

    # MediaEngine

    async def start(self) -> None:
        """Start the worker; returns when it answers.

        Raises:
            MediaUnavailable: it did not come up; the log says why.
        """
        if self._supervisor is not None:
            return
        self._died.clear()
        self._supervisor = asyncio.create_task(self._supervise())
        try:
            await asyncio.wait_for(self._first_word(), START_TIMEOUT)
        except TimeoutError:
            logger.error("media worker does not answer")
        if not self._ready.is_set():
            await self.stop()
            raise MediaUnavailable

    async def _first_word(self) -> None:
        """Wait until the worker is ready or has died."""
        ready, died = asyncio.create_task(self._ready.wait()), asyncio.create_task(self._died.wait())
        try:
            await asyncio.wait([ready, died], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            died.cancel()

    async def stop(self) -> None:
        """End all media and the worker."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            await asyncio.gather(supervisor, return_exceptions=True)
        self._ready.clear()

    async def publish(self, offer: str, *, owner: str, kind: FeedKind) -> Answer:
        """See `MediaEngine.publish`."""
        self._check_size(offer)
        return Answer(**await self._call("publish", offer=offer, owner=owner, kind=kind))

    async def view(self, offer: str, *, owner: str, room: str) -> Answer:
        """See `MediaEngine.view`."""
        self._check_size(offer)
        return Answer(**await self._call("view", offer=offer, owner=owner, room=room))

    async def patch(self, resource: str, fragment: str, etag: str | None) -> tuple[str, str]:
        """See `MediaEngine.patch`.

        Raises:
            MediaRefused: malformed, or code ``media.gone`` (unknown resource) or ``media.stale`` (wrong etag).
        """
        self._check_size(fragment)
        answer, new_etag = await self._call("patch", resource=resource, fragment=fragment, etag=etag)
        return str(answer), str(new_etag)

    async def close(self, resource: str) -> None:
        """See `MediaEngine.close`. Without a worker there is nothing left to close."""
        await self._tell("close", resource=resource)

    async def switch(self, room: str, slots: Sequence[str | None]) -> None:
        """See `MediaEngine.switch`."""
        await self._call("switch", room=room, slots=list(slots))

    async def mute(self, feed: str, *, audio: bool, video: bool) -> None:
        """See `MediaEngine.mute`."""
        await self._call("mute", feed=feed, audio=audio, video=video)

    async def stats(self) -> dict[str, Any]:
        """``{"workers": [...], "feeds": {id: ...}, "viewers": {id: ...}}``; without a worker all are empty."""
        try:
            told = await self._call("stats")
        except MediaUnavailable:
            return {"workers": [], "feeds": {}, "viewers": {}}
        return {"workers": [told["worker"]], "feeds": told["feeds"], "viewers": told["viewers"]}

    # the worker

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._connection.process.pid if self._connection is not None else None

    @staticmethod
    def _check_size(text: str) -> None:
        if len(text) > sdp.MAX_BYTES:
            raise MediaRefused("Das SDP ist zu groß.")

    async def _call(self, verb: str, **arguments: Any) -> Any:
        if self._connection is None or not self._ready.is_set():
            raise MediaUnavailable
        return await self._connection.call(verb, arguments)

    async def _tell(self, verb: str, **arguments: Any) -> None:
        try:
            await self._call(verb, **arguments)
        except MediaUnavailable:
            return

    def _event(self, kind: Any, resource: str = "", owner: str = "", detail: dict[str, Any] | None = None) -> None:
        if self.on_event is not None:
            try:
                self.on_event(MediaEvent(kind, resource, owner, detail or {}))
            except Exception:
                logger.exception("media event handler failed")

    async def _supervise(self) -> None:
        """Keep a worker running; wait a little longer after each one that died young."""
        failures = 0
        while True:
            began = asyncio.get_running_loop().time()
            await self._run_worker()
            young = asyncio.get_running_loop().time() - began < 10
            failures = failures + 1 if young else 0
            await asyncio.sleep(RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)])

    async def _run_worker(self) -> None:
        spawning = asyncio.create_task(self._spawn())
        try:
            connection = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await self._reap(await spawning)  # a process that was half started is not left behind
            raise
        try:
            await self._read(connection)
        finally:
            was_ready = self._ready.is_set()
            self._ready.clear()
            self._connection = None
            connection.lost()
            await self._reap(connection)
        logger.error("media worker ended with status %s", connection.process.returncode)
        self._died.set()
        if was_ready:
            self._event("worker_lost")

    async def _spawn(self) -> _Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command(theirs.fileno()), stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        self._connection = _Connection(process, reader, writer)
        return self._connection

    def _command(self, control_fd: int) -> list[str]:
        host = addresses.resolve(self._host)
        command = [sys.executable, "-m", "conference.media.worker", "--control-fd", str(control_fd)]
        command += ["--host", host, "--port", str(self.port), *self._waits]
        for address in addresses.advertised(host, self._public):
            command += ["--address", address]
        return command

    async def _read(self, connection: _Connection) -> None:
        while (message := await control.read(connection.reader)) is not None:
            if "id" in message:
                connection.answered(message)
            elif message["event"] == "ready":
                self.port = message["port"]
                self._ready.set()
                self._event("worker_ready")
            else:
                self._event(message["event"], message["resource"], message["owner"], message["detail"])

    async def _reap(self, connection: _Connection) -> None:
        """The end of the control socket ends the worker; one that does not notice is killed."""
        connection.writer.close()
        process = connection.process
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.gather(connection.writer.wait_closed(), return_exceptions=True)
