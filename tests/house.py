"""A served conference for tests, and people in it."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from aiohttp import web

from conference.app import build, open_store
from conference.cli import link_list
from conference.config import Settings
from conference.core.clock import ManualClock
from conference.demo import HERE as DEMO
from conference.hall.hall import Hall
from conference.importing import import_all
from conference.media.engine import WORKER_LOST, Answer, FeedKind, MediaEvent, MediaRefused
from conference.people.people_file import read_people
from conference.sessions.programme import read_programme
from conference.store.unit import Store
from conference.web.site import SITE, Site

START = datetime(2026, 6, 17, 7, 0, tzinfo=UTC)
"""Nine o'clock in Magdeburg, half an hour before the doors open."""
MODERATOR = "oliver.lilie@example.org"
ORGANISER = "organisation@example.org"
SPEAKER = "michael.fleig@example.org"
PRODUCTION = "regie@example.org"
ANNA, BERND = "violetta.kohl@example.org", "felix.groettner@example.org"


class RecordingEngine:
    """An engine that forwards nothing and remembers what it was asked: the seam holds, nobody else knows more."""

    def __init__(self) -> None:
        self.on_event: Callable[[MediaEvent], None] | None = None
        self.slots: dict[str, list[str | None]] = {}
        self.gathered: dict[str, list[str]] = {}
        self.open: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.muted: dict[str, tuple[bool, bool]] = {}
        self.shown: dict[str, list[int]] = {}
        self.told: dict[str, Any] = {"workers": [{"worker": 0}], "feeds": {}, "viewers": {}}
        self._next = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def _answer(self, what: str, offer: str, owner: str) -> Answer:
        if not offer.startswith("v=0"):
            raise MediaRefused("Das ist kein SDP.")
        self._next += 1
        resource = f"{what}-{self._next}"
        self.open[resource], self.owners[resource] = what, owner
        return Answer(resource, "v=0\r\n", "1")

    async def publish(self, offer: str, *, owner: str, kind: FeedKind, room: str = "") -> Answer:
        return self._answer(f"feed-{kind}", offer, owner)

    async def view(self, offer: str, *, owner: str, room: str) -> Answer:
        return self._answer(f"view-{room.replace('/', '-')}", offer, owner)

    async def patch(self, resource: str, fragment: str, etag: str | None) -> tuple[str, str]:
        if resource not in self.open:
            raise MediaRefused("Diese Verbindung gibt es nicht mehr.", "media.gone")
        return "", "1"

    async def close(self, resource: str) -> None:
        self._ended(resource, "closed")

    def _ended(self, resource: str, reason: str) -> None:
        if self.open.pop(resource, None) and self.on_event:
            self.report(MediaEvent("closed", resource, self.owners[resource], {"reason": reason}))

    async def switch(self, room: str, slots: Any) -> None:
        self.slots[room] = list(slots)
        self.gathered.pop(room, None)

    async def gather(self, room: str, feeds: Any, *, pictures: int = 9, voices: int = 3) -> None:
        self.gathered[room] = list(feeds)
        self.slots.pop(room, None)
        places = {"audio": voices, "video": pictures}
        shown = {kind: [*feeds[:count], *[None] * (count - len(feeds))] for kind, count in places.items()}
        self.report(MediaEvent("slots", room, "", shown))

    async def mute(self, feed: str, *, audio: bool, video: bool) -> None:
        self.muted[feed] = (audio, video)

    async def show(self, resource: str, heights: Any) -> None:
        self.shown[resource] = list(heights)

    async def stats(self) -> dict[str, Any]:
        return self.told

    def lose_worker(self, *resources: str) -> None:
        """A worker dies with these resources (none named: with all), and another one takes its place."""
        for resource in resources or list(self.open):
            self._ended(resource, WORKER_LOST)
        self.report(MediaEvent("worker_lost", "", "", {"worker": 0}))
        self.report(MediaEvent("worker_ready", "", "", {"worker": 0}))

    def report(self, event: MediaEvent) -> None:
        """Say something happened, as a worker would."""
        assert self.on_event is not None
        self.on_event(event)


@dataclass
class Client:
    """A person's page: a socket with what it received."""

    sio: socketio.AsyncClient
    hello: dict[str, Any]
    facts: list[dict[str, Any]] = field(default_factory=list)
    signals: list[dict[str, Any]] = field(default_factory=list)
    byes: list[dict[str, Any]] = field(default_factory=list)
    resyncs: int = 0

    async def ask(self, command: str, **body: Any) -> dict[str, Any]:
        """Send a command, return the whole answer."""
        return await self.sio.call(command, body, timeout=10)

    async def do(self, command: str, **body: Any) -> Any:
        """Send a command that must succeed, return its result."""
        answer = await self.ask(command, **body)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, command: str, **body: Any) -> str:
        """Send a command that must be refused, return the code."""
        answer = await self.ask(command, **body)
        assert not answer["ok"], answer
        return answer["error"]["code"]

    def heard(self, name: str) -> list[dict[str, Any]]:
        """Bodies of the facts of this name so far."""
        return [fact["body"] for fact in self.facts if fact["name"] == name]

    def last_signal(self, name: str) -> dict[str, Any] | None:
        """The newest signal of this name."""
        return next((s["body"] for s in reversed(self.signals) if s["name"] == name), None)


@dataclass
class House:
    """A served conference."""

    url: str
    site: Site
    clock: ManualClock
    engine: Any
    data: Path
    http: aiohttp.ClientSession
    runner: web.AppRunner
    clients: list[Client] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.site.store

    @property
    def hall(self) -> Hall:
        return self.site.hall

    async def links(self) -> list[dict[str, Any]]:
        return await link_list(self.store, self.site.tokens, self.url)

    async def link(self, email: str | None, session: str | None = None) -> str:
        """A person's link (None: the hall's screen)."""
        found = [link for link in await self.links() if link["email"] == email and link["session"] == session]
        assert len(found) == 1, (email, session)
        return str(found[0]["url"])

    async def browser(self, email: str | None, session: str | None = None) -> aiohttp.ClientSession:
        """A cookie jar that has opened a link."""
        jar = aiohttp.CookieJar(unsafe=True)
        browser = aiohttp.ClientSession(self.url, cookie_jar=jar, headers={"Accept": "text/html"})
        async with browser.get(await self.link(email, session), allow_redirects=False) as answer:
            assert answer.status == 303, answer.status
        return browser

    async def enter(
        self,
        email: str | None,
        session: str | None = None,
        *,
        since: dict[str, int] | None = None,
        link: str | None = None,
    ) -> Client:
        """Open the link and connect a page of the session."""
        browser = await self.browser(email, link)
        try:
            cookies = "; ".join(f"{c.key}={c.value}" for c in browser.cookie_jar)
        finally:
            await browser.close()
        client = await connect(self.url, cookies, {"session": session, "since": since or {}})
        self.clients.append(client)
        return client


async def connect(url: str, cookies: str, auth: dict[str, Any]) -> Client:
    """Connect a socket.io client and wait for its hello."""
    sio = socketio.AsyncClient(reconnection=False)
    client = Client(sio, {})
    greeted = asyncio.Event()

    def hello(body: dict[str, Any]) -> None:
        client.hello = body
        client.facts += body.get("facts", [])
        greeted.set()

    def resync(_body: dict[str, Any]) -> None:
        client.resyncs += 1

    for name, handler in (
        ("hello", hello), ("resync", resync), ("fact", client.facts.append), ("signal", client.signals.append),
        ("bye", client.byes.append),
    ):  # fmt: skip
        sio.on(name, handler)
    await sio.connect(url, headers={"Cookie": cookies}, auth=auth, transports=["websocket"], retry=False)
    await asyncio.wait_for(greeted.wait(), 5)
    return client


@contextlib.asynccontextmanager
async def open_house(data: Path, engine: Any = None, **more: Any) -> AsyncIterator[House]:
    """Import the Kooperationskonferenz into a directory and serve it on a free port, with more settings if wanted."""
    settings = Settings(data=str(data), port=0, media_port=0, **more)
    clock = ManualClock(START)
    engine = engine or RecordingEngine()
    await put_day(data)
    async with open_store(settings, clock) as store:
        app = build(settings, store, engine)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(url) as http:
            house = House(url, app[SITE], clock, engine, data, http, runner)
            try:
                yield house
            finally:
                for client in house.clients:
                    await client.sio.disconnect()
                await runner.cleanup()


_DAY: dict[str, bytes] = {}


async def put_day(data: Path) -> None:
    """Put the imported day into an empty directory: imported once per test process, copied after that."""
    if (data / "conference.db").exists():
        return
    if "day" not in _DAY:
        with tempfile.TemporaryDirectory() as directory:
            async with open_store(Settings(data=directory), ManualClock(START)) as store:
                await load_day(store)
            _DAY["day"] = (Path(directory) / "conference.db").read_bytes()
    (data / "conference.db").write_bytes(_DAY["day"])


async def load_day(store: Store) -> None:
    """Import the shipped programme and people."""
    programme = read_programme((DEMO / "kooperationskonferenz.yaml").read_bytes())
    people = read_people("people.csv", (DEMO / "people.csv").read_bytes())
    async with store.unit() as unit:
        await import_all(unit, programme, people)


async def until(what: Callable[[], Any] | Callable[[], Awaitable[Any]], seconds: float = 5.0) -> Any:
    """Wait until something is so, and return it."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = what()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError("it did not become so in time")
        await asyncio.sleep(0.02)
