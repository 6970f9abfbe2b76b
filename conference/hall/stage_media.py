"""The stage's media: which resource belongs to whom, which feed flows in which slot. It follows the database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from conference.core.errors import Address, ConferenceError, NotAllowed, NotFound
from conference.core.roles import CREW, Permission, Role, may
from conference.hall.floor import Floor
from conference.hall.foldback import TALKBACK, Foldback, Talk, foldback_room, return_source
from conference.hall.programme import ProgrammeWatch
from conference.hall.resources import Resources, TellOwners
from conference.media.engine import WORKER_LOST, Answer, FeedKind, MediaEngine, MediaEvent, MediaUnavailable
from conference.media.limits import Pace
from conference.pauses import queries as pauses
from conference.people import queries as people
from conference.people.model import Link, Person
from conference.questions import queries as questions
from conference.sessions import queries
from conference.sessions.actions import stage as stage_actions
from conference.sessions.model import BACKSTAGE_SLOTS, Feed, Source, State, may_watch
from conference.sessions.tables import StageRow
from conference.store.unit import Store

Room = Literal["stage", "backstage", "foldback"]
FeedKey = tuple[str, str, str]
"""Session, person, source: ``camera``, ``screen``, ``programme``; and what is on no stage: ``backup`` (the programme's
second feed), ``return:`` with the person for whom it is, ``talkback``."""
BACKUP = "backup"
_OPEN = (State.BACKSTAGE, State.LIVE)


@dataclass(frozen=True)
class Resource:
    """One WHIP or WHEP resource and whose it is. `source` is set for publishers, `room` for viewers."""

    id: str
    session: str
    person: str
    link: str
    role: Role
    source: str | None = None
    room: Room | None = None

    @property
    def feed_key(self) -> FeedKey:
        return self.session, self.person, self.source or ""


class StageMedia(Resources[Resource]):
    """Answers for who may publish and view, and keeps the engine's slots as the database has the stage.

    Args:
        changed: called with a session's key when the feeds that arrive there changed.
        tell: tells people what became of their resources; see `Resources`.
    """

    def __init__(
        self,
        store: Store,
        engine: MediaEngine,
        changed: Callable[[str], None],
        tell: TellOwners,
    ) -> None:
        super().__init__(engine, tell)
        self._store, self._changed = store, changed
        self._feeds: dict[FeedKey, str] = {}
        self._arriving: set[str] = set()
        self._on_stage: dict[str, set[FeedKey]] = {}
        self._slots: dict[str, list[FeedKey | None]] = {}
        self._numbers: dict[FeedKey, int] = {}
        self._speaking: set[str] = set()
        self._still: set[str] = set()
        self._on_air: dict[str, dict[str, Feed]] = {}
        self._folded: dict[tuple[str, str], list[str | None]] = {}
        self.programmes = ProgrammeWatch()
        self.foldback = Foldback(self._feeds, self._arriving, self._still)
        self.floor = Floor()
        self._turn = asyncio.Lock()  # slots are applied one change after the other
        self._tasks: set[asyncio.Task[None]] = set()
        self._paces = Pace()

    async def publish(
        self, key: str, person: Person, link: Link, source: Source, offer: str, feed: Feed = Feed.MAIN
    ) -> Answer:
        """Accept a speaker's source (who must be backstage with it) or one of the feeds of the production's programme.

        Raises:
            NotAllowed: not in this role, or not backstage with this source; MediaRefused, MediaUnavailable.
        """
        role = await self._role(key, person)
        programme = source is Source.PROGRAMME
        if not programme:
            await self._check_backstage(key, person, role, source)
        elif not may(role, Permission.PRODUCE):
            raise NotAllowed()
        kind: FeedKind = source.value
        # Nobody is sent himself, but whoever feeds the programme in wants to see it come back.
        owner = f"{person.public_id}/{kind}" if programme else person.public_id
        # The backup is received wherever there is least to do: it shall not be lost together with the main feed.
        room = "" if feed is Feed.BACKUP else f"stage/{key}"
        answer = await self._engine.publish(offer, owner=owner, kind=kind, room=room)
        named = BACKUP if feed is Feed.BACKUP else source.value
        resource = Resource(answer.resource, key, person.public_id, link.public_id, role, source=named)
        return await self._kept(resource, answer, person, link, enters=programme)

    async def publish_return(self, key: str, person: Person, link: Link, to: str, offer: str) -> Answer:
        """Accept the programme without the voice of one speaker, for that speaker alone.

        Raises:
            NotAllowed; NotFound: nobody who speaks here; ConferenceError ``stage.not_open``; MediaRefused.
        """
        async with self._store.reading() as db:
            session = await queries.session(db, key)
            speaker = await people.person(db, to)
        role = session.role_of(person)
        if not may(role, Permission.PRODUCE):
            raise NotAllowed()
        if not may(session.role_of(speaker), Permission.PUBLISH):
            raise NotFound("Diese Person auf oder hinter der Bühne")
        _check_open(session.state)
        owner = f"{person.public_id}/return"
        answer = await self._engine.publish(offer, owner=owner, kind="programme", room=foldback_room(key, to))
        resource = Resource(answer.resource, key, person.public_id, link.public_id, role, source=return_source(to))
        return await self._kept(resource, answer, person, link)

    async def publish_talkback(self, key: str, person: Person, link: Link, offer: str) -> Answer:
        """Accept the voice of somebody who may speak to those backstage. It flows to nobody before `talk`.

        Raises:
            NotAllowed; ConferenceError ``stage.not_open``; MediaRefused, MediaUnavailable.
        """
        async with self._store.reading() as db:
            session = await queries.session(db, key)
        role = session.role_of(person)
        if not may(role, Permission.CONTROL):
            raise NotAllowed()
        _check_open(session.state)
        answer = await self._engine.publish(offer, owner=person.public_id, kind="camera", room=f"backstage/{key}")
        resource = Resource(answer.resource, key, person.public_id, link.public_id, role, source=TALKBACK)
        return await self._kept(resource, answer, person, link)

    async def _kept(
        self, resource: Resource, answer: Answer, person: Person, link: Link, *, enters: bool = False
    ) -> Answer:
        """Remember a publisher in place of the one before it."""
        key, feed = resource.session, resource.feed_key
        self._resources[resource.id] = resource  # before anything else can happen: it may be lost meanwhile
        if enters:
            async with self._closing_if_refused(resource.id):
                await self._enter_programme(key, person)
        self._check_kept(resource.id)
        replaced = self._feeds.get(feed)
        self._feeds[feed] = resource.id
        if _of_programme(feed):
            self.programmes.opened(feed, self._store.clock.now())
        if replaced:
            await self._replace(replaced)
        await self._check_link(link, resource.id)
        await self.apply(key)
        return answer

    async def view(self, key: str, person: Person, link: Link, room: Room, offer: str) -> Answer:
        """Accept a viewer of the stage, or of backstage (crew only).

        Raises:
            NotAllowed; ConferenceError ``stage.not_live``; MediaRefused, MediaUnavailable.
        """
        role = await self._role(key, person)
        state = await self._state(key)
        if (room == "backstage" and role not in CREW) or (room == "foldback" and not may(role, Permission.PUBLISH)):
            raise NotAllowed()
        if not may_watch(state, role):
            raise ConferenceError("stage.not_live", "Die Veranstaltung läuft noch nicht.")
        name = foldback_room(key, person.public_id) if room == "foldback" else f"{room}/{key}"
        answer = await self._engine.view(offer, owner=person.public_id, room=name)
        self._resources[answer.resource] = Resource(
            answer.resource, key, person.public_id, link.public_id, role, room=room
        )
        await self._check_link(link, answer.resource)
        self._check_kept(answer.resource)
        if room == "foldback":
            await self.apply(key)
        return answer

    def pace(self, person: Person) -> None:
        """Refuse somebody who asks too often. Raises ConferenceError ``rate_limited``."""
        if not self._paces.allows(person.public_id, time.monotonic()):
            raise ConferenceError("rate_limited", "Das war zu schnell. Bitte kurz warten.", Address.CLIENT)

    async def apply(self, key: str) -> None:
        """Make the engine's slots what the database says, and end what may no longer be seen."""
        async with self._turn:
            async with self._store.reading() as db:
                row = await queries.session(db, key)
                rows = await queries.stage(db, row.id)
                resting = await pauses.cameras_off(db, row.id)
            await self._end_forbidden(key, row.state, rows)
            on_stage, backstage = queries.rooms(rows)
            self._note(key, rows, on_stage)
            with contextlib.suppress(MediaUnavailable):
                await self._mute(key, rows, resting)
                await self._engine.switch(f"stage/{key}", [self._feed(key, entry) for entry in on_stage])
                behind = [self._feed(key, entry) for entry in backstage[:BACKSTAGE_SLOTS]]
                await self._engine.switch(f"backstage/{key}", [*behind, self._standing_by(key, rows)])
                await self._fold_back(key)

    def _note(self, key: str, rows: list[StageRow], on_stage: list[StageRow | None]) -> None:
        """Remember what the database says of the stage."""
        self._slots[key] = [(key, row.person.public_id, row.source) if row else None for row in on_stage]
        self._on_stage[key] = {feed for feed in self._slots[key] if feed}
        on_air = {row.person.public_id: Feed(row.feed) for row in rows if row.source == Source.PROGRAMME}
        for person in self._on_air.get(key, {}).keys() - on_air.keys():
            for feed in Feed:
                self.programmes.forget(_programme(key, person, feed))
        self._on_air[key] = on_air
        self.foldback.follow(key, rows)

    def _standing_by(self, key: str, rows: list[StageRow]) -> str | None:
        """The programme's feed that is not on air, for the Regie to see."""
        programmes = [row for row in rows if row.source == Source.PROGRAMME][:1]
        others = (_programme(key, row.person.public_id, Feed(row.feed).other) for row in programmes)
        return next((self._feeds.get(feed) for feed in others), None)

    async def _fold_back(self, key: str) -> None:
        """Let each person's own room show what is meant for them; of those who have left theirs, nothing."""
        here = {r.person for r in self._resources.values() if r.session == key and r.room == "foldback"}
        gone = {person for session, person in self._folded if session == key} - here
        for person in sorted(here | gone):
            feeds = self.foldback.slots(key, person) if person in here else []
            slots = [self._resource(feed) for feed in feeds]
            if self._folded.get((key, person)) != slots:
                await self._engine.switch(foldback_room(key, person), slots)
                self._folded[key, person] = slots
            if person in gone:
                del self._folded[key, person]

    def talk(self, visit: str, talk: Talk | None) -> str | None:
        """A page's person begins to speak to those backstage, or ends; the session concerned, None if it is no news."""
        concerned = self.foldback.talk(visit, talk)
        if concerned is not None:
            self._changed(concerned)
        return concerned

    def changing_over(self) -> list[tuple[str, str, Feed]]:
        """Whose programme is to change over now, by session and person, and to which feed."""
        now = self._store.clock.now()
        return [
            (key, person, feed.other)
            for key, people in self._on_air.items()
            for person, feed in people.items()
            if self.programmes.gives_way(_programme(key, person, feed), _programme(key, person, feed.other), now)
        ]

    def arriving(self, key: str, role: Role) -> list[str]:
        """``person/source`` of every feed of the session that arrives now and that this role sees, sorted."""
        return self._named(key, role, self._arriving)

    def arrives(self, key: str, person: str, source: str) -> bool:
        """Whether this source arrives now; of a programme, the feed that is on air."""
        return self._resource((key, person, source)) in self._arriving

    def speaking(self, key: str, role: Role) -> list[str]:
        """``person/source`` of every feed of the session in which somebody speaks now, sorted."""
        return self._named(key, role, self._speaking)

    def _named(self, key: str, role: Role, resources: set[str]) -> list[str]:
        """Who is backstage is the crew's business, and which feeds a programme has."""
        shown = {
            self._shown(feed)
            for feed, resource in self._feeds.items()
            if feed[0] == key and resource in resources and resource not in self._still
        }
        return sorted(
            f"{feed[1]}/{feed[2]}" for feed in shown if feed and (role in CREW or feed in self._on_stage.get(key, ()))
        )

    def _shown(self, feed: FeedKey) -> FeedKey | None:
        """As what others see a feed: of a programme, the one on air is the programme; talk-back is on no stage."""
        key, person, source = feed
        if source == TALKBACK or source.startswith(return_source("")):
            return None
        if not _of_programme(feed):
            return feed
        own = Feed.BACKUP if source == BACKUP else Feed.MAIN
        on_air = self._on_air.get(key, {}).get(person, Feed.MAIN)
        return key, person, Source.PROGRAMME.value if own is on_air else own.value

    def _resource(self, source: FeedKey | None) -> str | None:
        """The resource that brings a source; of a programme, by the feed that is on air."""
        if source is None:
            return None
        key, person, name = source
        on_air = self._on_air.get(key, {}).get(person, Feed.MAIN) if name == Source.PROGRAMME else Feed.MAIN
        return self._feeds.get((key, person, BACKUP if on_air is Feed.BACKUP else name))

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
        """Whose feed each publishing resource is; talk-back is silent most of the time, and no fault."""
        return {resource: feed for feed, resource in self._feeds.items() if feed[2] != TALKBACK}

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

    def _feed(self, key: str, entry: StageRow | None) -> str | None:
        return self._resource((key, entry.person.public_id, entry.source)) if entry else None

    async def _mute(self, key: str, rows: list[StageRow], resting: set[str] | None) -> None:
        """Mute what its owner or a moderator switched off, and those whom a pause silences (None: everybody)."""
        for entry in rows:
            person, programme = entry.person.public_id, entry.source == Source.PROGRAMME
            off = not programme and (resting is None or person in resting)
            for source in (entry.source, BACKUP) if programme else (entry.source,):
                feed = self._feeds.get((key, person, source))
                if feed:
                    await self._engine.mute(feed, audio=off or not entry.audio, video=off or not entry.video)

    async def _end_forbidden(self, key: str, state: State, rows: list[StageRow]) -> None:
        entered = {(key, row.person.public_id, row.source) for row in rows}
        entered |= {(key, person, BACKUP) for _, person, source in entered if source == Source.PROGRAMME}
        if state in _OPEN:
            entered |= {r.feed_key for r in self._resources.values() if r.source and self._shown(r.feed_key) is None}
        for resource in [r for r in self._resources.values() if r.session == key]:
            kept = self._feeds.get(resource.feed_key) == resource.id  # who is just coming is looked at later
            gone = resource.source is not None and kept and resource.feed_key not in entered
            blind = resource.room is not None and not may_watch(state, resource.role)
            if gone or blind:
                await self.close(resource.id)

    def _forget(self, resource: str) -> None:
        known = self._pop(resource)
        self._arriving.discard(resource)
        self._speaking.discard(resource)
        self._still.discard(resource)
        if known is None:
            return
        self.floor.forget(known.feed_key)
        if self._feeds.get(known.feed_key) == resource:
            del self._feeds[known.feed_key]
            if _of_programme(known.feed_key):
                self.programmes.stands(known.feed_key, self._store.clock.now())
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
            self.floor.hear(self._shown(known.feed_key) or known.feed_key, speaking, self._store.clock.now())
            self._changed(known.session)
        elif event.kind == "picture" and known:
            self._note_picture(known, bool(event.detail.get("moving")))
        elif event.kind == "worker_ready":
            self._folded.clear()
            self._spawn()

    def _note_picture(self, known: Resource, moving: bool) -> None:
        """The picture of a programme, or of a return, has begun to move, or stands."""
        if self._feeds.get(known.feed_key) != known.id:
            return
        (self._still.discard if moving else self._still.add)(known.id)
        if _of_programme(known.feed_key):
            (self.programmes.moves if moving else self.programmes.stands)(known.feed_key, self._store.clock.now())
        self._changed(known.session)

    def _spawn(self) -> None:
        task = asyncio.get_running_loop().create_task(self._reapply())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reapply(self) -> None:
        for key in {resource.session for resource in self._resources.values()}:
            await self.apply(key)


def _programme(key: str, person: str, feed: Feed) -> FeedKey:
    """The key of one of the feeds of somebody's programme."""
    return key, person, BACKUP if feed is Feed.BACKUP else Source.PROGRAMME.value


def _of_programme(feed: FeedKey) -> bool:
    return feed[2] in (Source.PROGRAMME, BACKUP)


def _check_open(state: State) -> None:
    if state not in _OPEN:
        raise ConferenceError("stage.not_open", "Der Backstage-Bereich ist noch nicht geöffnet.")
