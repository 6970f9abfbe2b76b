"""A conference without a network: the hall, people who visit it, and the page's own reducers to compare with."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from conference.app import open_store
from conference.breakouts.tables import HelpRow
from conference.config import Settings
from conference.core.clock import ManualClock
from conference.core.facts import DAY, Told
from conference.core.ids import new_id
from conference.films import actions as films
from conference.films.files import Intake
from conference.hall.hall import Hall
from conference.hall.visit import Visit
from conference.live.gateway import Gateway
from conference.people.model import Link, Person
from conference.people.tables import LinkRow, PersonRow
from conference.people.tokens import Tokens
from conference.sessions import queries
from conference.sessions.actions import presence
from conference.sessions.model import Source
from conference.store.unit import Store
from tests.house import START, RecordingEngine, put_day
from tests.the_day import CODE, ENCODER, FILE, FILM, HELP, LIVE, WAIT

ROOT = Path(__file__).parent.parent


class Ear:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.facts: list[dict[str, Any]] = []
        self.signals: dict[str, Any] = {}
        self.said: list[tuple[str, Any]] = []
        self.resyncs = 0

    def fact(self, told: Told) -> None:
        self.facts.append(json.loads(json.dumps(told.as_dict())))

    def signal(self, name: str, body: Any, key: str = "") -> None:
        self.signals[name] = body
        self.said.append((name, body))

    def resync(self) -> None:
        self.resyncs += 1

    async def stop(self) -> None: ...


class Line:
    """A connection that carries nothing and remembers how it ended."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, object]] = []
        self.closed = False

    async def send(self, event: str, body: object) -> None:
        self.sent.append((event, body))

    def backlog(self) -> int:
        return 0

    async def close(self) -> None:
        self.closed = True


@dataclass
class Room:
    """The hall of an imported conference, and who is in it."""

    store: Store
    hall: Hall
    gateway: Gateway
    clock: ManualClock
    engine: RecordingEngine
    visits: list[Visit] = field(default_factory=list)

    async def person(self, email: str | None, session: str | None) -> tuple[Person, Link]:
        """A person (None: the hall's screen) and one of their links."""
        async with self.store.reading() as db:
            who = select(PersonRow).where(PersonRow.email == email if email else PersonRow.email.is_(None))
            row = (await db.execute(who)).scalar_one()
            links = select(LinkRow).where(LinkRow.person_id == row.id)
            link = (await db.execute(links.where(LinkRow.session.is_(None)))).scalar_one()
            return row.to_model(), link.to_model()

    async def enter(self, email: str | None, session: str | None) -> Visit:
        """Open a page of the session."""
        person, link = await self.person(email, session)
        roles = {DAY: person.role}
        if session:
            async with self.store.reading() as db:
                roles[session] = (await queries.session(db, session)).role_of(person)
        visit = Visit(f"v{len(self.visits)}", person, link, session, Line(), roles)
        visit.outbox = Ear()  # type: ignore[assignment]
        await self.hall.enter(visit, {})
        self.visits.append(visit)
        return visit

    async def do(self, visit: Visit, command: str, **body: Any) -> Any:
        """Carry a command out as the gateway does. Raises ConferenceError."""
        return await self.gateway._run(visit, [command, body])

    async def snapshot(self, visit: Visit) -> dict[str, Any]:
        """What the visit's page would be born with now, as it arrives there."""
        snapshot = await self.hall.snapshot(visit.person, visit.link, visit.session)
        return json.loads(json.dumps(snapshot))


def _one_after_the_other(clockwork: Any) -> None:
    """A story's own tick waits for the hall's that is under way: it may have looked at the clock before."""
    tick, lock = clockwork.tick, asyncio.Lock()

    async def alone() -> None:
        async with lock:
            await tick()

    clockwork.tick = alone


@contextlib.asynccontextmanager
async def open_room(data: Path) -> AsyncIterator[Room]:
    """The imported day in a directory, and its hall at work."""
    await put_day(data)
    clock, engine = ManualClock(START), RecordingEngine()
    async with open_store(Settings(data=str(data)), clock) as store:
        hall = Hall(store, engine, Tokens(b"k" * 32), "test")
        for clockwork in (hall.pauses, hall.groups, hall.stage_clock, hall.talk, hall.boards):
            _one_after_the_other(clockwork)
        await hall.start()
        try:
            yield Room(store, hall, Gateway(hall, _nobody, lambda _origin, _environ: True), clock, engine)
        finally:
            await hall.stop()


async def _nobody(_request: object, _handle: str | None) -> None: ...


class Page:
    """The page's reducers, in one process of Node."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def apply(self, snapshot: dict[str, Any], facts: list[dict[str, Any]]) -> dict[str, Any]:
        """The snapshot after the facts."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"snapshot": snapshot, "facts": facts}) + "\n")
        stdin.flush()
        reduced: dict[str, Any] = json.loads(stdout.readline())
        return reduced


@contextlib.contextmanager
def open_page() -> Iterator[Page]:
    """Start Node with the reducers, and end it."""
    command = ["node", str(ROOT / "tools" / "apply.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Page(process)
        process.stdin.close()  # type: ignore[union-attr]


class Crowd:
    """One visit of each kind, with the picture that its page has."""

    def __init__(self, room: Room, page: Page | None = None) -> None:
        self.room, self.page = room, page
        self.visits: dict[str, Visit] = {}
        self.seen: dict[str, dict[str, Any]] = {}
        self.heard: dict[str, int] = {}

    async def come(self, people: Mapping[str, tuple[str | None, str | None]]) -> None:
        """Everybody opens a page: by what they are called here, their address (None: the hall's screen), a session."""
        for name, (email, session) in people.items():
            self.visits[name] = await self.room.enter(email, session)
            if self.page:
                self.seen[name] = await self.room.snapshot(self.visits[name])
                self.heard[name] = 0

    def id(self, name: str) -> str:
        """Somebody's public id."""
        return self.visits[name].person.public_id

    async def play(self, who: str, command: str, body: dict[str, Any]) -> None:
        """One line of the day; time may pass, people are named by what they are."""
        if command == WAIT:
            await self.wait(body["seconds"])
            return
        if command == FILE:
            await self.file_film()
            return
        if command == CODE:
            async with self.room.store.unit() as unit:
                await presence.check_in(unit, body["session"], self.visits[who].person)
            return
        if command == ENCODER:
            await self.send_programme()
            return
        await self.room.do(self.visits[who], command, **await self.named(body))

    async def named(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with ids instead of what people and calls for help are called here."""
        named = {key: self.id(name) for key, name in body.items() if key == "person" and name in self.visits}
        called = {"help": await self._newest_help()} if body.get("help") == HELP else {}
        return body | named | called

    async def wait(self, seconds: float) -> None:
        """Time passes, and what is due by the clock is done."""
        self.room.clock.turn(seconds=seconds)
        await self.room.hall.groups.tick()
        await self.room.hall.pauses.tick()
        await self.room.hall.stage_clock.tick()

    async def file_film(self) -> None:
        """The file of the programme's film is taken in: a minute long, and nothing in it."""
        film = Intake(new_id("film"), "webm", "film.webm", 1000, 60_000, True)
        async with self.room.store.unit() as unit:
            await films.file(unit, "live-2", film.row(FILM, unit.now))

    async def send_programme(self) -> None:
        """The production's encoder sends."""
        visit = self.visits["production"]
        await self.room.hall.media.publish(LIVE, visit.person, visit.link, Source.PROGRAMME, "v=0")

    async def _newest_help(self) -> str:
        async with self.room.store.reading() as db:
            return (await db.execute(select(HelpRow.key).order_by(HelpRow.id.desc()))).scalars().first() or "none"

    async def compare(self, after: object, *, everybody: bool = True) -> dict[str, dict[str, Any]]:
        """Everybody's page, or that of those alone who heard something, has what a fresh one would have: these."""
        assert self.page is not None
        found = {}
        for name, visit in self.visits.items():
            ear: Any = visit.outbox
            assert ear.resyncs == 0
            news, self.heard[name] = ear.facts[self.heard[name] :], len(ear.facts)
            if news:
                self.seen[name] = self.page.apply(self.seen[name], news)
            elif not everybody:
                continue
            fresh = found[name] = await self.room.snapshot(visit)
            for stream, number in self.seen[name]["numbers"].items():
                assert number <= fresh["numbers"][stream], (name, after)
            assert _facts_part(self.seen[name]) == _facts_part(fresh), (name, after)
        return found


def _facts_part(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in snapshot.items() if key not in ("server", "signals", "numbers")}
