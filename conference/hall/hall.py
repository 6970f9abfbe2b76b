"""The live side of the conference on this server: visits, what they hear, who is present, the stage's media."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.breakouts import queries as breakouts
from conference.core.audience import heard_by
from conference.core.clock import from_iso, iso
from conference.core.errors import Address, ConferenceError, NotFound
from conference.core.facts import DAY, Told
from conference.core.roles import CREW, Permission, Role, may
from conference.hall.boards import Boards
from conference.hall.foldback import Talk as Talkback
from conference.hall.group_commit import GroupCommit
from conference.hall.groups import Groups
from conference.hall.health import WorkerRates, feeds_health, viewers_health
from conference.hall.pause_clock import PauseClock
from conference.hall.signals import shown_to, signals_for
from conference.hall.snapshot import snapshot_for
from conference.hall.stage_clock import StageClock
from conference.hall.stage_media import StageMedia
from conference.hall.talk import Talk
from conference.hall.visit import Visit
from conference.media.engine import MediaEngine, MediaEvent, MediaUnavailable
from conference.people import queries as people
from conference.people.model import Link, Person
from conference.people.tokens import Tokens
from conference.polls.actions import Cast, cast_ballots
from conference.questions import actions as hands
from conference.sessions import queries
from conference.sessions.actions import presence, stage
from conference.sessions.facts import AgendaReplaced, SpeakerChanged
from conference.sessions.model import Source
from conference.store import facts_log
from conference.store.facts_log import StreamRow
from conference.store.unit import Store

log = logging.getLogger(__name__)

RESUME_LIMIT = 500
"""Facts per stream that a returning visit is sent; beyond that it takes a fresh snapshot."""
CATCH_UP_LIMIT = 10_000
SIGNAL_SECONDS = 0.5
BOARD_SECONDS = 0.1
STAGE_SECONDS = 0.25
HEALTH_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
DESERTED_AFTER = timedelta(minutes=1)
CATCH_UP_SECONDS = 1.0
_STAGE_FACTS = ("stage.", "session.moved")


class Hall:
    """Everything that is alive. What must not be lost is in the store; this may be thrown away at any moment.

    Args:
        store: the database.
        engine: the media plane; started and stopped by the hall.
        tokens: reads and makes the secrets of links.
        version: shown in snapshots.
    """

    def __init__(self, store: Store, engine: MediaEngine, tokens: Tokens, version: str) -> None:
        self.store = store
        self.engine = engine
        self.tokens = tokens
        self.version = version
        self.boot = secrets.token_hex(8)
        self.visits: dict[str, Visit] = {}
        self.ballots: GroupCommit[Cast, bool] = GroupCommit(store, cast_ballots)
        self._joining: GroupCommit[presence.Joining, None] = GroupCommit(store, presence.begin)
        self._leaving: GroupCommit[str, None] = GroupCommit(store, presence.end_all)
        self.media = StageMedia(store, engine, self._feeds_changed, self._tell_owners)
        self.boards = Boards(store, lambda: self.visits)
        self.groups = Groups(
            store, engine, lambda: self.visits.values(), self._tell_owners, types=self.boards.anybody_types
        )
        engine.on_event = self._on_media
        self.pauses = PauseClock(store)
        self.stage_clock = StageClock(store, self.media.arrives)
        self.talk = Talk(store, lambda: self.visits.values())
        self._next: dict[str, int] = {}
        self._early: dict[str, list[tuple[int, Told]]] = {}
        self._signalled: dict[str, tuple[float, dict[str, Any]]] = {}
        self._dirty: set[str] = set()
        self._stage_dirty: set[str] = set()
        self._feeds_dirty: set[str] = set()
        self._stage_wake = asyncio.Event()
        self._worker_rates = WorkerRates()
        self._deserted: dict[tuple[str, str, str], datetime] = {}
        self._tasks: list[asyncio.Task[None]] = []

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Clean up after a crash, start the media plane and the clockwork."""
        async with self.store.unit() as unit:
            orphans = await presence.recover(unit)
        if orphans:
            log.info("closed %d intervals of presence that a crash had left open", orphans)
        async with self.store.reading() as db:
            self._next = {stream: number + 1 for stream, number in await _all_numbers(db)}
        self.store.listener = self.tell
        await self.engine.start()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(_every(SIGNAL_SECONDS, self._send_signals)),
            loop.create_task(_every(SIGNAL_SECONDS, self.follow_speech)),
            loop.create_task(_every(STAGE_SECONDS, self.follow_pictures)),
            loop.create_task(_every(SIGNAL_SECONDS, self.pauses.tick)),
            loop.create_task(_every(STAGE_SECONDS, self.stage_clock.tick)),
            loop.create_task(_every(SIGNAL_SECONDS, self.talk.tick)),
            loop.create_task(_every(SIGNAL_SECONDS, self.groups.tick)),
            loop.create_task(_every(BOARD_SECONDS, self.boards.tick)),
            loop.create_task(_every(HEALTH_SECONDS, self.send_health)),
            loop.create_task(_every(HEARTBEAT_SECONDS, self.heartbeat)),
            loop.create_task(_every(CATCH_UP_SECONDS, self.catch_up)),
            loop.create_task(_every(HEARTBEAT_SECONDS, self.clear_deserted)),
            loop.create_task(self._apply_stages()),
        ]

    async def stop(self) -> None:
        """End the clockwork and the media."""
        await self.farewell()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.ballots.stop()
        await self._joining.stop()
        await self._leaving.stop()
        await self.groups.stop()
        await self.boards.stop()
        await self.media.stop()
        await self.engine.stop()
        self.store.listener = None

    async def farewell(self) -> None:
        """The server stops: everybody is told and hung up on, and nobody is present any more."""
        visits, self.visits = list(self.visits.values()), {}
        joined = [visit.id for visit in visits if visit.joined]
        if joined:
            async with self.store.unit() as unit:
                await presence.end(unit, joined)
        for visit in visits:
            with contextlib.suppress(Exception):
                await visit.connection.send("bye", {"reason": "shutdown"})
                await visit.connection.close()
            await visit.outbox.stop()

    # --- visits -------------------------------------------------------------------------------------------------

    async def enter(self, visit: Visit, since: dict[str, int]) -> dict[str, Any]:
        """Take a visit in; returns what `hello` says: the facts that it missed, or that it needs a fresh snapshot.

        The visit's outbox is started with it by the transport, once it is ready to carry.
        """
        self.visits[visit.id] = visit  # before anything is read: what is told meanwhile waits with the visit
        try:
            numbers, missed = await self._missed(visit, since)
        except BaseException:
            self.visits.pop(visit.id, None)
            raise
        visit.greet(numbers)
        if visit.rooms and visit.session:
            self.groups.mark(visit.session)
        self._devices(visit)
        if visit.session:
            self._dirty.add(visit.session)
        hello = {"boot": self.boot, "version": self.version, "now": self.now(), "numbers": numbers}
        return {**hello, "resync": True} if missed is None else {**hello, "facts": [told.as_dict() for told in missed]}

    async def _missed(self, visit: Visit, since: dict[str, int]) -> tuple[dict[str, int], list[Told] | None]:
        """The streams' last numbers, and what a visit has missed; None when it needs a fresh snapshot."""
        missed: list[Told] = []
        async with self.store.reading() as db:
            if await people.by_link(db, visit.link.public_id, visit.link.nonce) is None:
                raise ConferenceError("not_signed_in", "Dieser Link gilt nicht mehr.", Address.PERMISSION)
            numbers = await facts_log.last_numbers(db, visit.roles)
            if visit.session:
                visit.rooms = await breakouts.heard_rooms(db, visit.session, visit.person)
            for stream in [stream for stream, last in numbers.items() if since.get(stream, last) != last]:
                audiences = heard_by(visit.person.public_id, visit.roles[stream], visit.rooms)
                told = await facts_log.since(db, stream, since[stream], RESUME_LIMIT, audiences)
                if told is None or any(fact.name == AgendaReplaced.name for fact in told):
                    return numbers, None
                missed += told
        return numbers, missed

    async def leave(self, visit: Visit) -> None:
        """A visit is gone: its intervals of presence close."""
        if self.visits.pop(visit.id, None) is None:
            return
        await visit.outbox.stop()
        self.groups.left(visit)
        self.boards.close(visit)
        self.talk.left(visit)
        self.media.talk(visit.id, None)
        if visit.joined:
            await self._leaving.put(visit.id)
            self._dirty |= visit.joined
            self._quieten(*visit.joined)
        self._devices(visit)

    async def join(self, visit: Visit, key: str) -> None:
        """A visit becomes present in a session."""
        await self._joining.put(presence.Joining(key, visit.person, visit.id))
        visit.joined.add(key)
        self._dirty.add(key)
        self._quieten(key)
        if visit.id not in self.visits:  # it left while we were writing
            await self.part(visit, key)

    async def part(self, visit: Visit, key: str) -> None:
        """A visit is no longer present in a session, its page stays open."""
        async with self.store.unit() as unit:
            await presence.end(unit, [visit.id], key)
        visit.joined.discard(key)
        visit.room = None
        self._dirty.add(key)
        self._quieten(key)

    async def cut_link(self, link: str) -> None:
        """A link was revoked or reissued: hang up on every visit and end all media that came through it."""
        for visit in [v for v in self.visits.values() if v.link.public_id == link]:
            with contextlib.suppress(Exception):
                await visit.connection.send("bye", {"reason": "revoked"})
                await visit.connection.close()
            await self.leave(visit)
        await self.media.cut_link(link)
        await self.groups.media.cut_link(link)

    async def refresh_roles(self) -> None:
        """The programme changed: people and their roles are read anew."""
        async with self.store.reading() as db:
            rows = {row.key: row for row in await queries.agenda(db)}
            everybody = {person.id: person for person in await people.everybody(db)}
        for visit in list(self.visits.values()):  # others come and go meanwhile
            visit.person = everybody.get(visit.person.id, visit.person)
            for stream in list(visit.roles):
                row = rows.get(stream)
                visit.roles[stream] = row.role_of(visit.person) if row else visit.person.role
                if row:
                    async with self.store.reading() as db:
                        visit.rooms = await breakouts.heard_rooms(db, stream, visit.person)

    async def role(self, visit: Visit, key: str) -> Role:
        """The visit's role in a session. Raises NotFound."""
        if key in visit.roles:
            return visit.roles[key]
        async with self.store.reading() as db:
            return (await queries.session(db, key)).role_of(visit.person)

    def now(self) -> str:
        """The server's clock, ISO 8601."""
        return iso(self.store.clock.now()) or ""

    # --- pictures of the whole ------------------------------------------------------------------------------------

    async def snapshot(self, person: Person, link: Link, key: str | None) -> dict[str, Any]:
        """The whole snapshot, with the parts that are not made of facts. Raises NotFound."""
        async with self.store.reading() as db:
            body = await snapshot_for(db, person, link.public_id, key)
            full = await self._signals(db, key) if key else {}
        role = Role(body["me"]["role"])
        shown = shown_to(role, full) if full else {}
        live: dict[str, Any] = (
            {"feeds": self.media.arriving(key, role), "speaking": self.media.speaking(key, role)} if key else {}
        )
        if key and role in CREW:
            live["foldback"] = self._foldback(key, person, role)
        server = {"boot": self.boot, "now": self.now(), "version": self.version}
        return {"server": server, **body, "signals": {**shown, **live}}

    async def _signals(self, db: AsyncSession, key: str) -> dict[str, Any]:
        """What moderators are signalled, at most one pace old: whoever enters is signalled anew anyway."""
        now = asyncio.get_running_loop().time()
        at, known = self._signalled.get(key, (-SIGNAL_SECONDS, {}))
        if now - at < SIGNAL_SECONDS:
            return known
        full = await signals_for(db, key)
        self._signalled[key] = now, full
        return full

    # --- facts ----------------------------------------------------------------------------------------------------

    def tell(self, told: Iterable[Told]) -> None:
        """Hand facts on in the order of their numbers; each once, whoever brings it first."""
        for fact in told:
            waiting = self._early.setdefault(fact.stream, [])
            if fact.number >= self._next.setdefault(fact.stream, 1) and all(n != fact.number for n, _ in waiting):
                heapq.heappush(waiting, (fact.number, fact))
            while waiting and waiting[0][0] == self._next[fact.stream]:
                self._deliver(heapq.heappop(waiting)[1])
                self._next[fact.stream] += 1

    def _deliver(self, fact: Told) -> None:
        for visit in self.visits.values():
            visit.tell(fact)
            if fact.name == AgendaReplaced.name:
                visit.outbox.resync()
        key = fact.body.get("session", fact.stream) if fact.stream == DAY else fact.stream
        if fact.name.startswith(_STAGE_FACTS):
            self._stage_dirty.add(key)
            self._stage_wake.set()
            self.media.floor.changed(key)
        if fact.name.startswith(("stage.", "film.", "session.moved")):
            self.stage_clock.changed()
        if fact.name.startswith("breakouts."):
            self.groups.heard(fact)
        if fact.name.startswith("pause."):
            self.pauses.changed()
            self.groups.quieten()
            self._stage_dirty |= self.media.sessions()
            self._stage_wake.set()
        if fact.name == SpeakerChanged.name:
            who = fact.body
            feed = (key, who["person"], who["source"]) if who["person"] else None
            self.media.floor.said(key, feed, from_iso(fact.at))
            return
        if key:
            self._dirty.add(key)

    async def catch_up(self) -> None:
        """Fetch facts that another process wrote (an import on the command line, a second server)."""
        async with self.store.reading() as db:
            for stream, last in await _all_numbers(db):
                next_number = self._next.setdefault(stream, 1)
                if last >= next_number:
                    found = await facts_log.since(db, stream, next_number - 1, CATCH_UP_LIMIT)
                    if found is None:
                        self._skip_to(stream, last)
                        continue
                    if any(fact.name == AgendaReplaced.name for fact in found):
                        await self.refresh_roles()
                    self.tell(found)

    def _skip_to(self, stream: str, last: int) -> None:
        """Too much was written elsewhere to be told one by one."""
        self._next[stream] = last + 1
        self._early.pop(stream, None)
        for visit in self.visits.values():
            if stream in visit.roles:
                visit.outbox.resync()

    # --- presence and signals ---------------------------------------------------------------------------------------

    async def heartbeat(self) -> None:
        """Carry the intervals of all who are here forward, in one transaction."""
        joined = [visit.id for visit in self.visits.values() if visit.joined]
        if joined:
            async with self.store.unit() as unit:
                await presence.seen(unit, joined)

    async def follow_speech(self) -> None:
        """Give the word to whoever has spoken on stage long enough."""
        for key, person, source in self.media.taking_the_word():
            with contextlib.suppress(NotFound):  # he has just left
                async with self.store.unit() as unit:
                    await stage.give_word(unit, key, person, Source(source))

    async def follow_pictures(self) -> None:
        """Let the other feed of a programme take over where the one on air has failed."""
        for key, person, feed in self.media.changing_over():
            with contextlib.suppress(NotFound):  # the programme has just left
                async with self.store.unit() as unit:
                    await stage.put_on_air(unit, key, person, feed, automatic=True)

    async def clear_deserted(self) -> None:
        """Take people off the stage whose browser is gone for good: no page open, nothing arriving, for a minute.

        The production's programme stays: encoders have no page, and come back by themselves.
        """
        here = {visit.person.public_id for visit in self.visits.values()}
        now = self.store.clock.now()
        async with self.store.reading() as db:
            rows = [(row, key) for row, key in await queries.everything_on_stage(db) if row.source != Source.PROGRAMME]
        missing = {
            (key, row.person.public_id, row.source): row.person.to_model()
            for row, key in rows
            if row.person.public_id not in here and not self.media.arrives(key, row.person.public_id, row.source)
        }
        self._deserted = {place: self._deserted.get(place, now) for place in missing}
        for key, person, source in [p for p, since in self._deserted.items() if now - since >= DESERTED_AFTER]:
            async with self.store.unit() as unit:
                await stage.leave(unit, key, missing[key, person, source], Source(source))
                await hands.taken_off(unit, key, person)

    def mark(self, key: str) -> None:
        """What is shown of this session's presence and votes is stale."""
        self._dirty.add(key)

    async def _send_signals(self) -> None:
        dirty, self._dirty = self._dirty, set()
        feeds, self._feeds_dirty = self._feeds_dirty, set()
        listening = {visit.session for visit in self.visits.values()}
        for key in dirty & listening:
            if key is not None:
                await self._send_session_signals(key)
        for key in feeds:
            for visit in self._listeners(key):
                role = visit.roles[key]
                visit.outbox.signal("feeds", {"session": key, "live": self.media.arriving(key, role)})
                visit.outbox.signal("speaking", {"session": key, "who": self.media.speaking(key, role)})
            self._signal_foldback(key)

    async def send_health(self) -> None:
        """Tell those who monitor how the media are doing; the engine is asked once for all, and if somebody does."""
        monitoring = [visit for visit in self.visits.values() if visit.monitors and self._may_monitor(visit)]
        if not monitoring:
            return
        try:
            stats = await self.engine.stats()
        except MediaUnavailable:
            stats = None
        workers = self._worker_rates.look(stats or {}, asyncio.get_running_loop().time())
        bodies = {key: self._health(key, stats, workers) for key in {visit.session for visit in monitoring} if key}
        for visit in monitoring:
            if visit.session in bodies:
                visit.outbox.signal("health", bodies[visit.session])

    def _health(self, key: str, stats: dict[str, Any] | None, workers: list[dict[str, Any]]) -> dict[str, Any]:
        if not workers or stats is None:
            return {"session": key, "available": False, "feeds": [], "workers": [], "viewers": None}
        feeds = feeds_health(stats, key, self.media.publishing())
        viewers = viewers_health(stats, key, self.media.slots(key))
        return {"session": key, "available": True, "feeds": feeds, "workers": workers, "viewers": viewers}

    def _may_monitor(self, visit: Visit) -> bool:
        """Asked each time: roles change while pages are open."""
        return visit.session is not None and may(visit.roles[visit.session], Permission.MONITOR)

    async def _send_session_signals(self, key: str) -> None:
        async with self.store.reading() as db:
            full = await signals_for(db, key)
        self._signalled[key] = asyncio.get_running_loop().time(), full
        shown = {role: shown_to(role, full) for role in Role}
        for visit in self._listeners(key):
            signals = shown[visit.roles[key]]
            visit.outbox.signal("presence", signals["presence"])
            for poll, tally in signals["tallies"].items():
                visit.outbox.signal("tally", {"session": key, **tally}, poll)
            if signals["rating"]:
                visit.outbox.signal("rating", signals["rating"])
            if signals["pause"]:
                visit.outbox.signal("pause", signals["pause"])
            if signals["votes"]:
                visit.outbox.signal("votes", signals["votes"])

    def speak(self, visit: Visit, talk: Talkback | None) -> None:
        """A page's person begins to speak to those backstage, or ends; whom it concerns is told at once."""
        concerned = self.media.talk(visit.id, talk)
        if concerned is not None:
            self._signal_foldback(concerned)

    def _signal_foldback(self, key: str) -> None:
        """Tell each of the crew what they are sent alone."""
        for visit in self._listeners(key):
            if visit.roles[key] in CREW:
                visit.outbox.signal("foldback", self._foldback(key, visit.person, visit.roles[key]))

    def _foldback(self, key: str, person: Person, role: Role) -> dict[str, Any]:
        return self.media.foldback.view(key, person.public_id, controls=may(role, Permission.CONTROL))

    def _listeners(self, key: str) -> list[Visit]:
        return [visit for visit in self.visits.values() if visit.session == key]

    def _signal(self, key: str, name: str, body: dict[str, Any]) -> None:
        for visit in self._listeners(key):
            visit.outbox.signal(name, body)

    def _devices(self, visit: Visit) -> None:
        """Tell a person's devices in a session how many they are."""
        if visit.session is None:
            return
        same = [v for v in self._listeners(visit.session) if v.person.id == visit.person.id]
        for each in same:
            each.outbox.signal("devices", {"session": visit.session, "devices": len(same)})

    # --- media ------------------------------------------------------------------------------------------------------

    def _quieten(self, *keys: str) -> None:
        """Who takes part in a pause changed: cameras go off and may come back, wherever they are."""
        if any(self.pauses.runs(key) for key in keys):
            self.groups.quieten()
            self._stage_dirty |= self.media.sessions()
            self._stage_wake.set()

    def _on_media(self, event: MediaEvent) -> None:
        self.media.on_event(event)
        self.groups.media.on_event(event)

    def _feeds_changed(self, key: str) -> None:
        self._feeds_dirty.add(key)
        self._stage_dirty.add(key)
        self._stage_wake.set()

    def _tell_owners(self, what: str, key: str, resources: dict[str, list[str]]) -> None:
        for visit in self._listeners(key):
            if ids := resources.get(visit.person.public_id):
                visit.outbox.signal("media", {"session": key, what: ids}, ids[0])

    async def _apply_stages(self) -> None:
        while True:
            await self._stage_wake.wait()
            self._stage_wake.clear()
            dirty, self._stage_dirty = self._stage_dirty, set()
            for key in dirty:
                try:
                    await self.media.apply(key)
                except Exception:
                    log.exception("the stage of %s could not be applied", key)
                self._feeds_dirty.add(key)


async def _all_numbers(db: AsyncSession) -> list[tuple[str, int]]:
    return [(stream, number) for stream, number in await db.execute(select(StreamRow.stream, StreamRow.last_number))]


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work again and again; a failure is logged and the next turn comes."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s failed", work)
