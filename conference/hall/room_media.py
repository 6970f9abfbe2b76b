"""The media of working groups: who may speak and listen in which room. It follows the database."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from conference.breakouts import queries
from conference.breakouts.model import Phase
from conference.breakouts.tables import PlaceRow
from conference.core.errors import ConferenceError, NotAllowed
from conference.core.roles import Permission, may
from conference.hall.resources import Resources, TellOwners
from conference.media.engine import WORKER_LOST, Answer, MediaEngine, MediaEvent, MediaUnavailable
from conference.pauses import queries as pauses
from conference.people import queries as people
from conference.people.model import Link, Person
from conference.sessions import queries as sessions
from conference.store.unit import Store

PICTURES, VOICES = 9, 3


@dataclass(frozen=True)
class RoomResource:
    """One WHIP or WHEP resource in a room, and whose it is."""

    id: str
    session: str
    room: str
    person: str
    link: str
    publishes: bool


class RoomMedia(Resources[RoomResource]):
    """Answers for who may publish and view in rooms, and ends at once what may be no longer.

    A room's slots fill themselves: those who speak are heard and seen.

    Args:
        changed: called with a session's key when feeds or viewers of its rooms came or went.
        heard: called with a session's key when somebody else is seen, or speaks.
        tell: tells people what became of their resources; see `Resources`.
    """

    def __init__(
        self,
        store: Store,
        engine: MediaEngine,
        changed: Callable[[str], None],
        heard: Callable[[str], None],
        tell: TellOwners,
    ) -> None:
        super().__init__(engine, tell)
        self._store, self._changed, self._heard = store, changed, heard
        self._slots: dict[str, dict[str, list[str | None]]] = {}
        self._gathered: dict[str, list[str]] = {}
        self._muted: dict[str, tuple[bool, bool]] = {}
        self._arriving: set[str] = set()
        self._speaking: set[str] = set()
        self._turn = asyncio.Lock()

    def owns(self, resource: str) -> bool:
        """Whether a resource is, or was, in one of the rooms."""
        return resource in self._resources or resource in self._ended

    async def publish(self, key: str, room: str, person: Person, link: Link, offer: str) -> Answer:
        """Accept somebody's camera and microphone in the room where this person is now.

        Raises:
            NotAllowed: not this person's room, or not open; MediaRefused, MediaUnavailable.
        """
        await self._check(key, room, person)
        answer = await self._engine.publish(offer, owner=person.public_id, kind="camera", room=engine_room(key, room))
        before = [r.id for r in self._resources.values() if r.publishes and _same(r, key, person)]
        await self._keep(RoomResource(answer.resource, key, room, person.public_id, link.public_id, True), person, link)
        for replaced in before:
            await self._replace(replaced)
        await self.apply(key)
        return self._still(answer)

    async def view(self, key: str, room: str, person: Person, link: Link, offer: str) -> Answer:
        """Accept a viewer of the room where this person is now. Raises as `publish`."""
        await self._check(key, room, person)
        answer = await self._engine.view(offer, owner=person.public_id, room=engine_room(key, room))
        await self._keep(
            RoomResource(answer.resource, key, room, person.public_id, link.public_id, False), person, link
        )
        return self._still(answer)

    def counts(self) -> dict[str, int]:
        """How many feeds there are in the rooms of each session."""
        return Counter(r.session for r in self._resources.values() if r.publishes)

    def sessions(self) -> set[str]:
        """Sessions with media in their rooms."""
        return {resource.session for resource in self._resources.values()}

    async def apply(self, key: str) -> None:
        """Let flow what the database allows, and end the rest."""
        async with self._turn:
            async with self._store.reading() as db:
                session = await sessions.session(db, key)
                found = await queries.round_row(db, session.id)
                places = {row.person.public_id: row for row in await queries.places(db, session.id)}
                resting = await pauses.cameras_off(db, session.id)
            is_open = found.phase == Phase.OPEN
            for resource in [r for r in self._resources.values() if r.session == key]:
                if not is_open or not _in(places.get(resource.person), resource.room):
                    await self.close(resource.id)
            with contextlib.suppress(MediaUnavailable):
                await self._gather(key, places, resting)

    async def _gather(self, key: str, places: dict[str, PlaceRow], resting: set[str] | None) -> None:
        feeds: dict[str, list[str]] = {name: [] for name in self._gathered if name.startswith(engine_room(key, ""))}
        for resource in [r for r in self._resources.values() if r.session == key]:  # others come and go meanwhile
            names = feeds.setdefault(engine_room(key, resource.room), [])
            place = places.get(resource.person)
            if resource.publishes and place is not None and resource.id in self._resources:
                names.append(resource.id)
                rests = resting is None or resource.person in resting
                await self._mute(resource.id, place, rests=rests)
        for name, gathered in feeds.items():
            if self._gathered.get(name) != gathered:
                self._gathered[name] = gathered
                await self._engine.gather(name, gathered, pictures=PICTURES, voices=VOICES)

    async def _mute(self, feed: str, place: PlaceRow, *, rests: bool) -> None:
        """What its owner, staff or a pause switched off does not flow, whatever the page sends."""
        off = (rests or not place.audio, rests or not place.video)
        if self._muted.get(feed) != off:
            await self._engine.mute(feed, audio=off[0], video=off[1])
            self._muted[feed] = off

    def slots(self, key: str, room: str) -> dict[str, list[str | None]]:
        """Who is in which slot: people by kind, as the engine told last."""
        told = self._slots.get(engine_room(key, room), {})
        return {kind: [self._person(name) for name in told.get(kind, ())] for kind in ("video", "audio")}

    def arriving(self, key: str, room: str) -> list[str]:
        """People whose feeds arrive in a room now, sorted."""
        return self._named(key, room, self._arriving)

    def speaking(self, key: str, room: str) -> list[str]:
        """People who speak in a room now, sorted."""
        return self._named(key, room, self._speaking)

    def anybody_speaks(self, key: str) -> bool:
        """Whether a sentence is being spoken in one of a session's rooms."""
        return any(r.session == key and r.id in self._speaking for r in self._resources.values())

    def _named(self, key: str, room: str, chosen: set[str]) -> list[str]:
        here = (r for r in self._resources.values() if r.publishes and r.session == key and r.room == room)
        return sorted(r.person for r in here if r.id in chosen)

    def _person(self, feed: str | None) -> str | None:
        known = self._resources.get(feed or "")
        return known.person if known else None

    def on_event(self, event: MediaEvent) -> None:
        """What the engine reports; the rest is the stage's."""
        known = self._resources.get(event.resource)
        if event.kind == "slots" and event.resource in self._gathered:
            self._slots[event.resource] = event.detail
            self._heard(event.resource.split("/")[1])
        elif event.kind == "closed":
            if known and event.detail.get("reason") == WORKER_LOST:
                self._gone.append(known)
            self._forget(event.resource)
        elif event.kind == "worker_lost":
            self._gathered.clear()
            self._muted.clear()
            self._tell_lost()
        elif event.kind == "worker_ready":
            for key in self.sessions():
                self._changed(key)
        elif known and event.kind == "connected":
            self._arriving.add(event.resource)
            self._changed(known.session)
        elif known and event.kind == "speaking":
            (self._speaking.add if event.detail.get("speaking") else self._speaking.discard)(event.resource)
            self._heard(known.session)

    async def _check(self, key: str, room: str, person: Person) -> None:
        """Whether somebody is in this very room now; whether it exists is nobody else's business."""
        async with self._store.reading() as db:
            session = await sessions.session(db, key)
            found = await queries.round_row(db, session.id)
            place = await queries.place(db, session.id, person.id)
        if not may(session.role_of(person), Permission.JOIN) or not _in(place, room):
            raise NotAllowed("Das ist nicht Ihre Gruppe.")
        if found.phase != Phase.OPEN:
            raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")

    async def _keep(self, resource: RoomResource, person: Person, link: Link) -> None:
        """Remember a resource; while the engine answered, its owner may have been moved, or the link revoked."""
        self._resources[resource.id] = resource
        async with self._closing_if_refused(resource.id):
            async with self._store.reading() as db:
                if await people.by_link(db, link.public_id, link.nonce) is None:
                    raise NotAllowed()
            await self._check(resource.session, resource.room, person)

    def _still(self, answer: Answer) -> Answer:
        """Its worker may have died meanwhile, or its owner been moved: then the page shall try again at once."""
        if answer.resource not in self._resources:
            raise MediaUnavailable
        return answer

    def _forget(self, resource: str) -> None:
        known = self._pop(resource)
        self._arriving.discard(resource)
        self._speaking.discard(resource)
        self._muted.pop(resource, None)
        if known:
            self._changed(known.session)


def engine_room(key: str, room: str) -> str:
    """What the engine calls a room."""
    return f"group/{key}/{room}"


def _in(place: PlaceRow | None, room: str) -> bool:
    return place is not None and place.room == room and not place.staying


def _same(resource: RoomResource, key: str, person: Person) -> bool:
    return resource.session == key and resource.person == person.public_id
