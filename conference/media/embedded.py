"""The media engine that comes with the conference: workers on this machine, started, watched and replaced by us."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from conference.media import addresses, sdp
from conference.media.engine import WORKER_LOST, Answer, FeedKind, MediaEvent, MediaRefused, MediaUnavailable
from conference.media.placement import SPREAD_AT, Held, Placement
from conference.media.spread import Command, Shown, Spread
from conference.media.supervised import SupervisedWorker
from conference.media.waits import HALF_OPEN, SILENT

logger = logging.getLogger(__name__)

START_TIMEOUT = 60.0

Sent = tuple[int, Coroutine[Any, Any, Any]]
"""A worker and its answer to come."""


class EmbeddedEngine:
    """A `MediaEngine` of worker processes, worker n on UDP and TCP port ``port + n``.

    Attributes:
        on_event: called in the event loop with each `MediaEvent`.
        workers: the workers, by number.
    """

    def __init__(
        self,
        host: str = "0.0.0.0",
        port: int = 0,
        public_addresses: list[str] | None = None,
        *,
        workers: int = 1,
        half_open: float = HALF_OPEN,
        silent: float = SILENT,
        spread_at: int = SPREAD_AT,
    ) -> None:
        """Prepare; nothing is opened before `start`.

        Args:
            host: address (or name) to bind the ports to; a wildcard for all.
            port: UDP and TCP port of worker 0, worker n has ``port + n``; 0 for any free ones.
            public_addresses: what to advertise where it differs from this machine's own addresses (behind NAT).
            workers: how many processes; each uses one core.
            half_open: seconds after which a peer that never connected is dropped.
            silent: seconds after which a peer that sends nothing authentic any more is dropped.
            spread_at: viewers that a session's home takes before others are asked.
        """
        self.on_event: Callable[[MediaEvent], None] | None = None
        self.workers = [
            SupervisedWorker(number, port + number if port else 0, self._command, self._heard, self._lost)
            for number in range(workers)
        ]
        self._host = host
        self._public = public_addresses
        self._waits = ["--half-open", str(half_open), "--silent", str(silent)]
        self._spread_at = spread_at
        self._links: Path | None = None
        self._started = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._forget_all()

    @property
    def port(self) -> int:
        """Port of worker 0; after `start`, the real one where 0 was asked for."""
        return self.workers[0].port

    @property
    def worker_pid(self) -> int | None:
        """Process id of worker 0, None while there is none."""
        return self.workers[0].pid

    # MediaEngine

    async def start(self) -> None:
        """Start the workers; returns when all answer.

        Raises:
            MediaUnavailable: one did not come up; the log says why.
        """
        if self._started:
            return
        self._started = True
        if len(self.workers) > 1:
            self._links = Path(tempfile.mkdtemp(prefix="conference-media-"))  # 0700
        try:
            await asyncio.wait_for(asyncio.gather(*(worker.start() for worker in self.workers)), START_TIMEOUT)
        except TimeoutError:
            logger.error("media workers do not answer")
        if len(self._ready()) < len(self.workers):
            await self.stop()
            raise MediaUnavailable

    async def stop(self) -> None:
        """End all media and the workers."""
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._links is not None:
            shutil.rmtree(self._links, ignore_errors=True)
        self._forget_all()
        self._started = False

    async def publish(self, offer: str, *, owner: str, kind: FeedKind, room: str = "") -> Answer:
        """See `MediaEngine.publish`."""
        self._check_size(offer)
        number = self._placement.for_feed(room, self._some_ready())
        return self._kept(await self.workers[number].call("publish", offer=offer, owner=owner, kind=kind, room=room))

    async def view(self, offer: str, *, owner: str, room: str) -> Answer:
        """See `MediaEngine.view`."""
        self._check_size(offer)
        number = self._placement.for_viewer(room, self._some_ready())
        return self._kept(await self.workers[number].call("view", offer=offer, owner=owner, room=room))

    async def patch(self, resource: str, fragment: str, etag: str | None) -> tuple[str, str]:
        """See `MediaEngine.patch`.

        Raises:
            MediaRefused: malformed, or code ``media.gone`` (unknown resource) or ``media.stale`` (wrong etag).
        """
        self._check_size(fragment)
        worker = self._worker_of(resource)
        if worker is None:
            raise MediaRefused("Diese Verbindung gibt es nicht mehr.", "media.gone")
        answer, new_etag = await worker.call("patch", resource=resource, fragment=fragment, etag=etag)
        return str(answer), str(new_etag)

    async def close(self, resource: str) -> None:
        """See `MediaEngine.close`. Without its worker there is nothing left to close."""
        if worker := self._worker_of(resource):
            with contextlib.suppress(MediaUnavailable):
                await worker.call("close", resource=resource)

    async def switch(self, room: str, slots: Sequence[str | None]) -> None:
        """See `MediaEngine.switch`."""
        await self._show(room, Shown(slots=tuple(slots)))

    async def gather(self, room: str, feeds: Sequence[str], *, pictures: int = 9, voices: int = 3) -> None:
        """See `MediaEngine.gather`."""
        await self._show(room, Shown(feeds=tuple(feeds), pictures=pictures, voices=voices))

    async def show(self, resource: str, heights: Sequence[int]) -> None:
        """See `MediaEngine.show`."""
        if worker := self._worker_of(resource):
            await worker.call("show", resource=resource, heights=list(heights))

    async def mute(self, feed: str, *, audio: bool, video: bool) -> None:
        """See `MediaEngine.mute`. Everywhere at once."""
        sent = self._send(self._spread.mute(feed, audio, video))
        held = self._placement.held.get(feed)
        await self._settle(sent, held.worker if held is not None else None)

    async def stats(self) -> dict[str, Any]:
        """See `MediaEngine.stats`; workers that do not answer are left out."""
        asked = [worker for worker in self.workers if worker.ready]
        answers = await asyncio.gather(*(worker.call("stats") for worker in asked), return_exceptions=True)
        found: dict[str, Any] = {"workers": [], "feeds": {}, "viewers": {}}
        for worker, told in zip(asked, answers, strict=True):
            if isinstance(told, dict):
                found["workers"].append({"worker": worker.number, "port": worker.port, **told["worker"]})
                found["feeds"] |= told["feeds"]
                found["viewers"] |= told["viewers"]
        return found

    # which worker

    @staticmethod
    def _check_size(text: str) -> None:
        if len(text) > sdp.MAX_BYTES:
            raise MediaRefused("Das SDP ist zu groß.")

    def _ready(self) -> list[int]:
        return [worker.number for worker in self.workers if worker.ready]

    def _some_ready(self) -> list[int]:
        ready = self._ready()
        if not ready:
            raise MediaUnavailable
        return ready

    def _worker_of(self, resource: str) -> SupervisedWorker | None:
        held = self._placement.held.get(resource)
        return self.workers[held.worker] if held is not None else None

    def _kept(self, answer: dict[str, str]) -> Answer:
        """A worker's answer, if what it made is still there."""
        if answer["resource"] not in self._placement.held:
            raise MediaUnavailable
        return Answer(**answer)

    # telling the workers

    async def _show(self, room: str, shown: Shown) -> None:
        """Let a room show something on every worker. What others than its home cannot do now, they will do later."""
        self._spread.show(room, shown)
        home = self._placement.home(room, self._some_ready())
        await self._settle(self._changes(), home)

    def _changes(self) -> list[Sent]:
        """Tell every worker what is new for it."""
        ready = self._ready()
        if not ready:
            return []
        links = {number: str(self._links / str(number)) for number in ready} if self._links else {}
        return self._send(self._spread.changes(ready, links))

    def _send(self, commands: Iterable[Command]) -> list[Sent]:
        sent = []
        for number, verb, arguments in commands:
            with contextlib.suppress(MediaUnavailable):  # its successor will be told all of it
                sent.append((number, self.workers[number].call(verb, **arguments)))
        return sent

    async def _settle(self, sent: Iterable[Sent], awaited: int | None = None) -> None:
        """Wait for the answers of one worker and raise what it refuses; others are waited for aside."""
        mine = []
        for number, answer in sent:
            if number == awaited:
                mine.append(answer)
            else:
                self._aside(answer)
        for outcome in await asyncio.gather(*mine, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def _aside(self, answer: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(_watched(answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _adjust(self) -> None:
        """Something came or went: tell those whom it concerns."""
        for _, answer in self._changes():
            self._aside(answer)

    # what the workers tell

    def _heard(self, worker: SupervisedWorker, message: dict[str, Any]) -> None:
        kind = message["event"]
        if kind == "ready":
            self._event("worker_ready", detail={"worker": worker.number})
            self._adjust()
            return
        resource, owner, detail = message["resource"], message["owner"], message["detail"]
        if kind == "opened":
            if self._placement.add(Held(resource, worker.number, owner, **detail)):
                self._adjust()
            return
        if kind == "slots":
            if worker.number != self._placement.home(resource, self._ready()):
                return
            self._spread.placed[resource] = detail
            self._adjust()
        self._event(kind, resource, owner, detail)
        if kind == "closed" and self._forget(resource):
            self._adjust()

    def _lost(self, worker: SupervisedWorker) -> None:
        self._spread.lost(worker.number)
        for held in self._placement.on(worker.number):
            self._forget(held.resource)
            self._event("closed", held.resource, held.owner, {"reason": WORKER_LOST})
        self._event("worker_lost", detail={"worker": worker.number})
        self._adjust()

    def _forget(self, resource: str) -> bool:
        self._spread.forget(resource)
        return self._placement.remove(resource)

    def _forget_all(self) -> None:
        self._placement = Placement(self._spread_at)
        self._spread = Spread(len(self.workers), self._placement)

    def _event(self, kind: Any, resource: str = "", owner: str = "", detail: dict[str, Any] | None = None) -> None:
        if self.on_event is not None:
            try:
                self.on_event(MediaEvent(kind, resource, owner, detail or {}))
            except Exception:
                logger.exception("media event handler failed")

    def _command(self, worker: SupervisedWorker, control_fd: int) -> list[str]:
        host = addresses.resolve(self._host)
        command = [sys.executable, "-m", "conference.media.worker", "--control-fd", str(control_fd)]
        command += ["--host", host, "--port", str(worker.port), *self._waits]
        for address in addresses.advertised(host, self._public):
            command += ["--address", address]
        if self._links is not None:
            self._links.mkdir(mode=0o700, exist_ok=True)
            command += ["--link", str(self._links / str(worker.number))]
        cores = sorted(os.sched_getaffinity(0))
        if 1 < len(cores) == len(self.workers):
            command += ["--core", str(cores[worker.number])]
        return command


async def _watched(answer: Coroutine[Any, Any, Any]) -> None:
    """Wait for an answer that nobody else waits for."""
    try:
        await answer
    except MediaUnavailable:
        return
    except MediaRefused as refused:
        logger.error("a media worker refuses: %s", refused.message)
