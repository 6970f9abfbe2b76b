"""The stage's media: which resource belongs to whom, which feed flows in which slot. It follows the database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from conference.core.errors import Address, ConferenceError, NotAllowed, NotFound
from conference.core.roles import CREW, Permission, Role, may
from conference.hall.floor import Floor
from conference.media.engine import WORKER_LOST, Answer, FeedKind, MediaEngine, MediaEvent, MediaUnavailable
from conference.media.limits import Pace
from conference.pauses import queries as pauses
from conference.people import queries as people
from conference.people.model import Link, Person
from conference.questions import queries as questions
from conference.sessions import queries
from conference.sessions.actions import stage as stage_actions
from conference.sessions.model import Source, State, may_watch
from conference.sessions.tables import StageRow
from conference.store.unit import Store

Room = Literal["stage", "backstage"]
FeedKey = tuple[str, str, str]
"""Session, person, source."""


@dataclass(frozen=True)
class Resource:
    """One WHIP or WHEP resource and whose it is. `source` is set for publishers, `room` for viewers."""

    id: str
    session: str
    person: str
    link: str
    role: Role
    source: Source | None = None
    room: Room | None = None

    @property
    def feed_key(self) -> FeedKey:
        return self.session, self.person, self.source or ""


class StageMedia:
    """Answers for who may publish and view, and keeps the engine's slots as the database has the stage.

    Args:
        changed: called with a session's key when the feeds that arrive there changed.
        lost: called with a session's key and resources by person, which must be opened anew.
    """

    def __init__(
        self,
        store: Store,
        engine: MediaEngine,
        changed: Callable[[str], None],
        lost: Callable[[str, dict[str, list[str]]], None],
    ) -> None:
        self._store = store
        self._engine = engine
        self._changed = changed
        self._lost = lost
        self._resources: dict[str, Resource] = {}
        self._feeds: dict[FeedKey, str] = {}
        self._arriving: set[str] = set()
        self._on_stage: dict[str, set[FeedKey]] = {}
        self._slots: dict[str, list[FeedKey | None]] = {}
        self._numbers: dict[FeedKey, int] = {}
        self._speaking: set[str] = set()
        self.floor = Floor()
        self._turn = asyncio.Lock()  # slots are applied one change after the other
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone: list[Resource] = []
        self._paces = Pace()

    async def publish(self, key: str, person: Person, link: Link, source: Source, offer: str) -> Answer:
        """Accept a speaker's source (who must be backstage with it) or the production's programme.

        Raises:
            NotAllowed: not in this role, or not backstage with this source; MediaRefused, MediaUnavailable.
        """
        role = await self._role(key, person)
        if source is not Source.PROGRAMME:
            await self._check_backstage(key, person, role, source)
        elif not may(role, Permission.PRODUCE):
            raise NotAllowed()
        kind: FeedKind = source.value
        # Nobody is sent himself, but whoever feeds the programme in wants to see it come back.
        owner = f"{person.public_id}/{kind}" if source is Source.PROGRAMME else person.public_id
        answer = await self._engine.publish(offer, owner=owner, kind=kind, room=f"stage/{key}")
        resource = Resource(answer.resource, key, person.public_id, link.public_id, role, source=source)
        self._resources[answer.resource] = resource  # before anything else can happen: it may be lost meanwhile
        async with self._closing_if_refused(answer.resource):
            if source is Source.PROGRAMME:
                await self._enter_programme(key, person)
        self._check_kept(answer.resource)
        replaced = self._feeds.get(resource.feed_key)
        self._feeds[resource.feed_key] = answer.resource
        if replaced:
            await self.close(replaced)
        await self._check_link(link, answer.resource)
        await self.apply(key)
        return answer

    async def view(self, key: str, person: Person, link: Link, room: Room, offer: str) -> Answer:
        """Accept a viewer of the stage, or of backstage (crew only).

        Raises:
            NotAllowed; ConferenceError ``stage.not_live``; MediaRefused, MediaUnavailable.
        """
        role = await self._role(key, person)
        state = await self._state(key)
        if room == "backstage" and role not in CREW:
            raise NotAllowed()
        if not may_watch(state, role):
            raise ConferenceError("stage.not_live", "Die Veranstaltung läuft noch nicht.")
        answer = await self._engine.view(offer, owner=person.public_id, room=f"{room}/{key}")
        self._resources[answer.resource] = Resource(
            answer.resource, key, person.public_id, link.public_id, role, room=room
        )
        await self._check_link(link, answer.resource)
        self._check_kept(answer.resource)
        return answer

    def pace(self, person: Person) -> None:
        """Refuse somebody who asks too often. Raises ConferenceError ``rate_limited``."""
        if not self._paces.allows(person.public_id, time.monotonic()):
            raise ConferenceError("rate_limited", "Das war zu schnell. Bitte kurz warten.", Address.CLIENT)

    async def patch(self, resource: str, person: Person, fragment: str, etag: str | None) -> tuple[str, str]:
        """Restart ICE of one's own resource. Raises NotFound."""
        self._own(resource, person)
        return await self._engine.patch(resource, fragment, etag)

    async def sizes(self, resource: str, person: Person, heights: list[int]) -> None:
        """Say how large one's own viewer shows its video slots, in physical pixels of height. Raises NotFound."""
        self._own(resource, person)
        await self._engine.show(resource, heights)

    async def close_own(self, resource: str, person: Person) -> None:
        """End one's own resource. Raises NotFound."""
        self._own(resource, person)
        await self.close(resource)

    async def close(self, resource: str) -> None:
        """End a resource."""
        self._forget(resource)
        with contextlib.suppress(MediaUnavailable):
            await self._engine.close(resource)

    async def cut_link(self, link: str) -> None:
        """End all media that was opened through a link."""
        for resource in [r for r in self._resources.values() if r.link == link]:
            await self.close(resource.id)

    async def apply(self, key: str) -> None:
        """Make the engine's slots what the database says, and end what may no longer be seen."""
        async with self._turn:
            async with self._store.reading() as db:
                row = await queries.session(db, key)
                rows = await queries.stage(db, row.id)
                resting = await pauses.cameras_off(db, row.id)
            await self._end_forbidden(key, row.state, rows)
            on_stage, backstage = queries.rooms(rows)
            self._slots[key] = [(key, row.person.public_id, row.source) if row else None for row in on_stage]
            self._on_stage[key] = {feed for feed in self._slots[key] if feed}
            with contextlib.suppress(MediaUnavailable):
                await self._mute(key, rows, resting)
                await self._engine.switch(f"stage/{key}", [self._feed(key, entry) for entry in on_stage])
                await self._engine.switch(f"backstage/{key}", [self._feed(key, entry) for entry in backstage])

    def arriving(self, key: str, role: Role) -> list[str]:
        """``person/source`` of every feed of the session that arrives now and that this role sees, sorted."""
        return self._named(key, role, self._arriving)

    def arrives(self, key: str, person: str, source: str) -> bool:
        """Whether this feed arrives now."""
        return self._feeds.get((key, person, source)) in self._arriving

    def speaking(self, key: str, role: Role) -> list[str]:
        """``person/source`` of every feed of the session in which somebody speaks now, sorted."""
        return self._named(key, role, self._speaking)

    def _named(self, key: str, role: Role, resources: set[str]) -> list[str]:
        """Who is backstage is the crew's business."""
        return sorted(
            f"{feed[1]}/{feed[2]}"
            for feed, resource in self._feeds.items()
            if feed[0] == key and resource in resources and (role in CREW or feed in self._on_stage.get(key, ()))
        )

    def taking_the_word(self) -> list[FeedKey]:
        """Who is to be given the word now, at most one of each session. Nobody speaks through a shared screen."""
        now = self._store.clock.now()
        sessions = {resource.session for resource in self._resources.values() if resource.id in self._speaking}
        due = (
            self.floor.due(key, [f for f in self._on_stage.get(key, ()) if f[2] != Source.SCREEN], now)
            for key in sorted(sessions)
        )
        return [feed for feed in due if feed]

    def sessions(self) -> set[str]:
        """Sessions that somebody publishes in."""
        return {feed[0] for feed in self._feeds}

    def publishing(self) -> dict[str, FeedKey]:
        """Whose feed each publishing resource is."""
        return {resource: feed for feed, resource in self._feeds.items()}

    def slots(self, key: str) -> list[FeedKey | None]:
        """Which feed flows in which slot of a session's stage."""
        return self._slots.get(key, [])

    def number(self, feed: FeedKey) -> int:
        """A number that stands for a feed where nobody's name may, the same however often it is opened anew."""
        return self._numbers.setdefault(feed, len(self._numbers) + 1)

    def counts(self) -> dict[str, int]:
        """How many publishers and viewers there are."""
        publishers = sum(1 for r in self._resources.values() if r.source)
        return {"publishers": publishers, "viewers": len(self._resources) - publishers}

    async def stop(self) -> None:
        """Wait for what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _role(self, key: str, person: Person) -> Role:
        async with self._store.reading() as db:
            return (await queries.session(db, key)).role_of(person)

    async def _state(self, key: str) -> State:
        async with self._store.reading() as db:
            return (await queries.session(db, key)).state

    @contextlib.asynccontextmanager
    async def _closing_if_refused(self, resource: str) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            await self.close(resource)
            raise

    async def _check_link(self, link: Link, resource: str) -> None:
        """A link may have been revoked while the engine was answering: then nothing of it stays."""
        async with self._closing_if_refused(resource), self._store.reading() as db:
            if await people.by_link(db, link.public_id, link.nonce) is None:
                raise NotAllowed()

    def _check_kept(self, resource: str) -> None:
        """Its worker may have died while we were asking the database: then the page shall try again at once."""
        if resource not in self._resources:
            raise MediaUnavailable

    async def _enter_programme(self, key: str, person: Person) -> None:
        async with self._store.unit() as unit:
            if await stage_actions.enter(unit, key, person, Source.PROGRAMME):
                await stage_actions.bring_on(unit, key, person.public_id, Source.PROGRAMME)

    async def _check_backstage(self, key: str, person: Person, role: Role, source: Source) -> None:
        async with self._store.reading() as db:
            row = await queries.session(db, key)
            guest = source is Source.CAMERA and await questions.is_called(db, row.id, person.id)
            if not (may(role, Permission.PUBLISH) or guest):
                raise NotAllowed()
            if await db.get(StageRow, (row.id, person.id, source.value)) is None:
                raise NotAllowed("Bitte zuerst in den Backstage-Bereich gehen.")

    def _own(self, resource: str, person: Person) -> Resource:
        found = self._resources.get(resource)
        if found is None or found.person != person.public_id:
            raise NotFound("Diese Verbindung")
        return found

    def _feed(self, key: str, entry: StageRow | None) -> str | None:
        return self._feeds.get((key, entry.person.public_id, entry.source)) if entry else None

    async def _mute(self, key: str, rows: list[StageRow], resting: set[str] | None) -> None:
        """Mute what its owner or a moderator switched off, and those whom a pause silences (None: everybody)."""
        for entry in rows:
            feed = self._feed(key, entry)
            off = entry.source != Source.PROGRAMME and (resting is None or entry.person.public_id in resting)
            if feed:
                await self._engine.mute(feed, audio=off or not entry.audio, video=off or not entry.video)

    async def _end_forbidden(self, key: str, state: State, rows: list[StageRow]) -> None:
        entered = {(key, row.person.public_id, row.source) for row in rows}
        for resource in [r for r in self._resources.values() if r.session == key]:
            gone = resource.source is not None and resource.feed_key not in entered
            blind = resource.room is not None and not may_watch(state, resource.role)
            if gone or blind:
                await self.close(resource.id)

    def _forget(self, resource: str) -> None:
        known = self._resources.pop(resource, None)
        self._arriving.discard(resource)
        self._speaking.discard(resource)
        if known is None:
            return
        self.floor.forget(known.feed_key)
        if self._feeds.get(known.feed_key) == resource:
            del self._feeds[known.feed_key]
        if known.source:
            self._changed(known.session)

    def on_event(self, event: MediaEvent) -> None:
        """What the engine reports about the stage's resources."""
        known = self._resources.get(event.resource)
        if event.kind == "closed":
            if known and event.detail.get("reason") == WORKER_LOST:
                self._gone.append(known)
            self._forget(event.resource)
        elif event.kind == "worker_lost":
            self._tell_lost()
        elif event.kind == "connected" and known:
            self._arriving.add(event.resource)
            self._changed(known.session)
        elif event.kind == "speaking" and known:
            speaking = bool(event.detail.get("speaking"))
            (self._speaking.add if speaking else self._speaking.discard)(event.resource)
            self.floor.hear(known.feed_key, speaking, self._store.clock.now())
            self._changed(known.session)
        elif event.kind == "worker_ready":
            self._spawn()

    def _tell_lost(self) -> None:
        """A worker is gone: those whose resources were there open theirs anew, nobody else."""
        gone, self._gone = self._gone, []
        lost: dict[str, dict[str, list[str]]] = {}
        for resource in gone:
            lost.setdefault(resource.session, {}).setdefault(resource.person, []).append(resource.id)
        for key, by_person in lost.items():
            self._lost(key, by_person)

    def _spawn(self) -> None:
        task = asyncio.get_running_loop().create_task(self._reapply())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reapply(self) -> None:
        for key in {resource.session for resource in self._resources.values()}:
            await self.apply(key)
