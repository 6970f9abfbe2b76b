"""The day from the first link to the last rating, directed by the run of show as a moderator directs it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from conference.app import open_store
from conference.config import Settings
from conference.core.clock import from_iso
from conference.direction.model import RECALL, Kind
from conference.exporting import export
from conference.rehearsal import processes
from conference.rehearsal.crowd import Crowd
from conference.rehearsal.notes import Notes, Sample
from conference.rehearsal.person import Person, Refused
from conference.rehearsal.plan import Plan, prepare
from conference.rehearsal.server import Server, running
from conference.rehearsal.studio import Media

EXPORTS = ("attendance", "feedback", "polls", "questions", "boards")
SAMPLE_SECONDS = 2.0
ARRIVAL_SHARE = 0.7
"""Of the first session: within it everybody comes."""
GROUPS_OPEN_SECONDS = 12.0
"""At least so long the rooms stay open before they are called back, however short the day is."""
ON_STAGE_SECONDS = 20.0
"""Who is called on stage before an audience is told a moment before."""
PICTURE_SECONDS = 2.0
"""What a picture gets to be with everybody who watches."""
HEARD_SECONDS = 0.3
CUES_AT_MOST = 400


@dataclass(frozen=True)
class Wishes:
    """How to rehearse.

    Attributes:
        people: None: as many as the programme has; `watching`: how many of them send and receive picture and sound.
        source: settings of the data directory whose programme is copied; None: the demo's.
        workers: media workers; 0: one per core.
    """

    people: int | None = None
    watching: int = 24
    speed: float = 20.0
    minutes: float | None = None
    source: Settings | None = None
    workers: int = 0
    seed: int = 7


@dataclass
class Progress:
    """Where the day stands."""

    part: str = "Der Server startet"
    here: int = 0
    invited: int = 0
    watching: int = 0
    commands_per_second: float = 0.0
    loss: float = 0.0
    memory: int = 0
    remaining: float = 0.0


@dataclass
class Outcome:
    """What is left of the day.

    Attributes:
        exports: the organiser's downloads, by name; empty after an interruption.
        errors: lines of exceptions in the server's log.
        stage: ``(session, part, viewers, of whom saw all who spoke)`` for each part with speakers.
        cues: which was pressed when, seconds since the beginning.
        workers_kept: whether the media workers at the end are those of the beginning.
        interrupted: whether the day was broken off.
        load: processes that wanted to run in the minute before.
    """

    plan: Plan
    notes: Notes
    seconds: float
    people: int = 0
    watching: int = 0
    exports: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    stage: list[tuple[str, str, int, int]] = field(default_factory=list)
    on_stage: list[tuple[str, str, bool]] = field(default_factory=list)
    cues: list[tuple[str, float]] = field(default_factory=list)
    packets: int = 0
    lost: int = 0
    workers_kept: bool = True
    interrupted: bool = False
    load: float = 0.0


async def rehearse(wishes: Wishes, show: Callable[[Progress], None]) -> Outcome:
    """Live through the day in a directory that is gone afterwards; signals break it off.

    Raises:
        CancelledError: broken off before it began.
        ConferenceError: what `prepare` and the server raise.
    """
    with _Signals() as signals, tempfile.TemporaryDirectory(prefix="conference-probe-") as name:
        directory = Path(name)
        data = directory / "data"
        plan = await prepare(data, wishes.source, wishes.people, wishes.speed, wishes.minutes)
        environ = {key: value for key, value in os.environ.items() if not key.startswith("CONFERENCE_")}
        server = Server(
            data,
            media_workers=wishes.workers or len(os.sched_getaffinity(0)),
            options=["--media-host", "127.0.0.1", "--public-url", ""],
            log=directory / "server.log",
            environ=environ,
            directory=directory,
        )
        async with running(server):
            outcome = await _Day(plan, server, wishes, show).run(signals)
        log = directory / "server.log"
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        outcome.errors = list(complaints(text))
        return outcome


def complaints(log: str) -> Iterator[str]:
    """The exceptions in a server's log, each with the line of code that it comes from."""
    place = ""
    for line in log.splitlines():
        if line.lstrip().startswith("File "):
            place = line.strip()
        elif not line.startswith(" ") and line.split(":")[0].endswith(("Error", "Exception")):
            yield f"{line} ({place})"


class _Day:
    """One run."""

    def __init__(self, plan: Plan, server: Server, wishes: Wishes, show: Callable[[Progress], None]) -> None:
        self._plan, self._server, self._wishes, self._show = plan, server, wishes, show
        self._notes = Notes()
        self._progress = Progress()
        self._random = Random(wishes.seed)
        self._outcome = Outcome(plan, self._notes, 0.0, load=os.getloadavg()[0])
        self._crowd: Crowd
        self._media: Media
        self._director: Person

    async def run(self, signals: _Signals) -> Outcome:
        """Live through the day, or as much of it as signals allow."""
        began = time.monotonic()
        connector = aiohttp.TCPConnector(limit=0)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http:
            self._media = Media(self._server.url, http, self._notes)
            self._people(await self._server.links(), connector)
            beside = [asyncio.create_task(self._media.run()), asyncio.create_task(self._sample())]
            workers = processes.workers(self._pid)
            day = asyncio.create_task(self._live())
            signals.task = day
            try:
                await day
            except asyncio.CancelledError:
                self._outcome.interrupted = True
            except Refused as failure:  # without who directs there is no day; what it was is noted
                self._outcome.interrupted = True
                self._notes.broken[f"Der Tag ging nicht weiter: {failure}"] += 1
            self._outcome.workers_kept = workers == processes.workers(self._pid)
            try:
                await self._crowd.go_home()
                await self._director.go_home()
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
        self._outcome.seconds = time.monotonic() - began
        self._outcome.packets, self._outcome.lost = self._media.packets, self._media.lost
        return self._outcome

    @property
    def _pid(self) -> int:
        assert self._server.process is not None
        return self._server.process.pid

    def _people(self, links: list[dict[str, Any]], connector: aiohttp.BaseConnector) -> None:
        """Everybody with the link of the day; who directs has a window of his own."""
        days = [link for link in links if link["session"] is None and link["email"]]
        everybody = [
            Person(number, link["person"], link["email"], link["role"], link["url"])
            for number, link in enumerate(days, 1)
        ]
        by_role: dict[str, list[Person]] = {}
        for person in everybody:
            person.attach(connector, self._notes)
            by_role.setdefault(person.role, []).append(person)
        speaking = frozenset[str]().union(*self._plan.speakers.values())
        [*moderators] = by_role.get("moderator", []) or by_role.get("organiser", [])
        first = moderators[0]
        desk = (by_role.get("organiser") or moderators)[0]
        self._director = Person(0, desk.name, desk.email, desk.role, desk.link)
        self._director.attach(connector, self._notes)
        people = [p for p in by_role.get("participant", []) if p.email not in speaking][: self._plan.people]
        speakers = [p for p in everybody if p.email in speaking and p is not first]
        staff = [p for p in moderators if p is not first and p not in speakers]
        watching = min(self._wishes.watching, len(people))
        self._crowd = Crowd(
            self._plan, self._media, self._notes, self._random, people, speakers, first, staff, watching
        )
        self._progress.invited = len(self._crowd.everybody)
        self._outcome.people, self._outcome.watching = len(people), watching

    # --- the run of show --------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        first, began = self._plan.agenda[0].key, time.monotonic()
        self._progress.part = self._plan.agenda[0].title
        await self._director.arrive(first)
        state = await self._direction()
        due = schedule(self._plan, state["cues"])
        for _ in range(CUES_AT_MOST):
            waiting = [cue for cue in state["cues"] if cue["state"] == "waiting"]
            if not waiting:
                break
            cue = waiting[0]
            await self._wait(due.get(cue["key"], 0.0))
            await self._before(cue)
            try:
                await self._director.ask("direction.next", session=cue["session"], step=state["step"], sure=True)
            except Refused:
                with contextlib.suppress(Refused):  # a cue that cannot be done now is skipped, as people would
                    await self._director.ask("direction.skip", session=cue["session"], step=state["step"])
            self._outcome.cues.append((cue["key"], round(time.monotonic() - began, 2)))
            await self._after(cue)
            state = await self._direction()
        await self._crowd.settle()
        await asyncio.sleep(1.0)
        self._progress.part = "Die Auswertung"
        for name in EXPORTS:
            self._outcome.exports[name] = json.loads(await self._export(name))

    async def _export(self, name: str) -> bytes:
        """As ``conference export`` writes it."""
        async with open_store(Settings(data=str(self._server.data))) as store, store.reading() as db:
            return await export(db, name, "json", store.clock.now())

    async def _direction(self) -> dict[str, Any]:
        snapshot = await self._director.ask("page.snapshot", session=self._director.session)
        found: dict[str, Any] = snapshot["direction"]
        return found

    async def _wait(self, at: float) -> None:
        """Until a wall-clock time."""
        last = self._plan.agenda[-1].ends.timestamp()
        while (left := at - time.time()) > 0:
            self._progress.remaining = max(last - time.time(), 0.0)
            await asyncio.sleep(min(left, 0.5))

    async def _before(self, cue: Mapping[str, Any]) -> None:
        """What has to be so before a cue is pressed."""
        kind, session = cue["kind"], cue["session"]
        if kind == Kind.END:
            await self._crowd.hush(session)
        await self._crowd.settle()
        if kind == Kind.GROUPS_START:
            await self._assign(session)
        elif kind == Kind.START:
            await self._end_pause()
        elif kind == Kind.GROUPS_RECALL:
            await self._open_for_a_while(session)
        elif kind == Kind.END and session == self._plan.groups:
            await self._crowd.settle()

    async def _assign(self, session: str) -> None:
        await self._end_pause()
        await self._director.ask("breakouts.assign", session=session, fresh=True)
        desk = (await self._director.ask("page.snapshot", session=session))["breakouts"]["desk"]
        self._crowd.seats = {person["person"]: person["room"] for person in desk["people"] if person["room"]}

    async def _end_pause(self) -> None:
        """A pause that lasts into the next cue is ended, as a moderator would."""
        for item in self._plan.agenda:
            if item.kind in ("active_pause", "break"):
                pause = (await self._director.ask("page.snapshot", session=item.key))["pause"]
                if pause is not None:
                    await self._crowd.hush(item.key)
                    await self._director.ask("pause.end", session=item.key, run=pause["run"], at_once=True)

    async def _open_for_a_while(self, session: str) -> None:
        """The rooms are called back only once they have been open for a moment."""
        snapshot = await self._director.ask("page.snapshot", session=session)
        opens = snapshot["breakouts"]["round"]["opens_at"]
        if opens is not None:
            await self._wait(from_iso(opens).timestamp() + GROUPS_OPEN_SECONDS)
        await self._crowd.settle()

    async def _after(self, cue: Mapping[str, Any]) -> None:
        """What follows a cue, once everybody has heard of it."""
        await asyncio.sleep(HEARD_SECONDS)
        kind, session = cue["kind"], cue["session"]
        titles = {item.key: item.title for item in self._plan.agenda}
        if kind in (Kind.START, Kind.PAUSE_START, Kind.GROUPS_START):
            self._progress.part = titles[session]
        if kind == Kind.START and session == self._plan.agenda[0].key:
            self._crowd.arrive(session, self._plan.seconds(session) * ARRIVAL_SHARE)
        elif kind == Kind.PART:
            await self._look_at_the_stage(session, cue["target"])
        elif kind == Kind.POLL_SHOW:
            there = {person.email for person in self._crowd.people if person.here and person.session == session}
            self._notes.expected[session, cue["target"]] = there

    async def _look_at_the_stage(self, session: str, part: str) -> None:
        """Whether those who speak in this part are on the stage, and seen by all who watch."""
        speaking = self._plan.parts[session, part]
        if not speaking:
            return
        wanted = {person.id for person in self._crowd.speakers if person.email in speaking}
        deadline = time.monotonic() + ON_STAGE_SECONDS
        while not (on_stage := wanted <= await self._on_stage(session)) and time.monotonic() < deadline:
            await asyncio.sleep(0.25)
        self._outcome.on_stage.append((session, part, on_stage))
        await asyncio.sleep(PICTURE_SECONDS)
        await self._crowd.settle()
        viewers, saw = self._crowd.seen_by(session, set(speaking))
        self._outcome.stage.append((session, part, viewers, saw))

    async def _on_stage(self, session: str) -> set[str]:
        """Who is on a stage, by id."""
        snapshot = await self._director.ask("page.snapshot", session=session)
        return {entry["person"] for entry in snapshot["stage"]["slots"] if entry}

    # --- how the machine is doing -----------------------------------------------------------------------------------

    async def _sample(self) -> None:
        """Note what the processes use, and show it, until cancelled."""
        before, at, commands, packets = self._cpu(), time.monotonic(), 0, 0
        while True:
            await asyncio.sleep(SAMPLE_SECONDS / 2)
            self._progress.here = self._crowd.here
            self._progress.watching = len(self._media.viewers)
            now, cpu = time.monotonic(), self._cpu()
            passed = now - at
            if passed >= SAMPLE_SECONDS:
                counted, forwarded = self._notes.commands, self._media.packets
                server, media, own = ((new - old) / passed for new, old in zip(cpu, before, strict=True))
                here, viewers = self._crowd.here, len(self._media.viewers)
                rate = (forwarded - packets) / passed
                self._notes.samples.append(Sample(self._progress.part, passed, here, viewers, server, media, own, rate))
                self._progress.commands_per_second = (counted - commands) / passed
                before, at, commands, packets = cpu, now, counted, forwarded
            lost, came = self._media.lost, self._media.packets
            self._progress.loss = lost / (lost + came) if came else 0.0
            self._note_memory()
            self._show(self._progress)

    def _cpu(self) -> tuple[float, float, float]:
        """Seconds that server, media workers, and this process have used."""
        with contextlib.suppress(OSError):
            media = sum(map(processes.cpu_seconds, processes.workers(self._pid)))
            return processes.cpu_seconds(self._pid), media, time.process_time()
        return 0.0, 0.0, time.process_time()

    def _note_memory(self) -> None:
        with contextlib.suppress(OSError):
            names = {"Server": self._pid}
            names |= {f"Medien {n}": pid for n, pid in enumerate(processes.workers(self._pid), 1)}
            found = {name: processes.resident_bytes(pid) for name, pid in names.items()}
            self._progress.memory = sum(found.values())
            for name, used in found.items():
                self._notes.memory[name] = max(self._notes.memory.get(name, 0), used)


def schedule(plan: Plan, cues: list[dict[str, Any]]) -> dict[str, float]:
    """When to press each cue: those with a time by the agenda, the others evenly between. Seconds since 1970."""
    times = {item.key: item for item in plan.agenda}
    anchors: list[float | None] = []
    for cue in cues:
        item, kind = times.get(cue["session"]), cue["kind"]
        at: datetime | None = None
        if item is not None and kind in (Kind.START, Kind.GROUPS_START):
            at = item.starts
        elif item is not None and kind == Kind.END:
            at = item.ends
        elif item is not None and kind == Kind.GROUPS_RECALL:
            at = max(item.ends - RECALL, item.starts)
        anchors.append(at.timestamp() if at else None)
    found: list[float] = []
    for number, anchor in enumerate(anchors):
        if anchor is not None:
            found.append(anchor)
            continue
        last = found[-1] if found else datetime.now(UTC).timestamp()
        following = next(((n, a) for n, a in enumerate(anchors[number:], number) if a is not None), None)
        gap = (following[1] - last) / (following[0] - number + 1) if following else 0.0
        found.append(last + max(gap, 0.0))
    return {cue["key"]: at for cue, at in zip(cues, found, strict=True)}


class _Signals:
    """SIGINT, SIGTERM and a terminal that is closed break off what runs: the preparation, or the day."""

    NAMES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.task = asyncio.current_task()

    def __enter__(self) -> _Signals:
        for name in self.NAMES:
            asyncio.get_running_loop().add_signal_handler(name, self._break_off)
        return self

    def _break_off(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def __exit__(self, *_: object) -> None:
        for name in self.NAMES:
            asyncio.get_running_loop().remove_signal_handler(name)
