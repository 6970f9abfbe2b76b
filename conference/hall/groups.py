"""Working groups as they live: opened and closed by the clock, who is in which room, what those in it are signalled."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from conference.breakouts import actions, queries
from conference.core.audience import person as person_audience
from conference.core.facts import DAY, Told
from conference.core.roles import Permission, may
from conference.hall.group_commit import GroupCommit
from conference.hall.resources import TellOwners
from conference.hall.room_media import RoomMedia
from conference.hall.visit import Visit
from conference.media.engine import MediaEngine
from conference.store.unit import Store


class Groups:
    """The live side of working groups.

    Args:
        visits: everybody who is here now.
        tell: tells people what became of their media.
        types: whether a sentence is being typed on one of a session's boards.
    """

    def __init__(
        self,
        store: Store,
        engine: MediaEngine,
        visits: Callable[[], Collection[Visit]],
        tell: TellOwners,
        types: Callable[[str], bool] = lambda _key: False,
    ) -> None:
        self._store, self._visits, self._types = store, visits, types
        self.media = RoomMedia(store, engine, self._stale, self.mark, tell)
        self._entering: GroupCommit[actions.Entering, str | None] = GroupCommit(store, actions.enter)
        self._dirty: set[str] = set()
        self._moved: set[str] = set()
        self._due: dict[str, datetime | None] = {}
        self._unread = True

    async def stop(self) -> None:
        """Write what still waits."""
        await self._entering.stop()

    async def tick(self) -> None:
        """Open and close rooms that are due, cut off what may be no longer, signal what changed."""
        if self._unread:
            self._unread = False  # before reading: what happens meanwhile is read the next time
            async with self._store.reading() as db:
                self._due = {key: queries.due(row) for row, key in await queries.running(db)}
        now = self._store.clock.now()
        for key in [key for key, at in self._due.items() if at is None or now >= at]:
            async with self._store.unit() as unit:
                await actions.follow(unit, key, speaking=self.media.anybody_speaks(key) or self._types(key))
        moved, self._moved = self._moved, set()
        for key in moved:
            await self.media.apply(key)
        dirty, self._dirty = self._dirty | moved, set()
        for key in dirty:
            self._signal(key)

    def heard(self, fact: Told) -> None:
        """Something happened in working groups."""
        self._unread = True
        if fact.name == "breakouts.called" and fact.body["opens_at"] is None:
            self._empty(fact.body["session"])
        elif fact.name == "breakouts.stayed" and fact.body["staying"]:
            self._empty(fact.body["session"], fact.audience)
        self._stale(fact.body["session"] if fact.stream == DAY else fact.stream)

    def _empty(self, key: str, audience: str | None = None) -> None:
        """Those in the rooms, or one of them, are in the plenary."""
        for visit in self._visits():
            if visit.session == key and audience in (None, person_audience(visit.person.public_id)):
                visit.room = None

    def _stale(self, key: str) -> None:
        self._dirty.add(key)
        self._moved.add(key)

    def quieten(self) -> None:
        """Who takes part in a pause changed: cameras and microphones go off and may come back in rooms, too."""
        self._moved |= self.media.sessions()

    def mark(self, key: str) -> None:
        """Somebody came: what is signalled of a session's rooms is told anew."""
        self._dirty.add(key)

    def left(self, visit: Visit) -> None:
        """A page is gone."""
        if visit.room and visit.session:
            self._dirty.add(visit.session)

    async def enter(self, visit: Visit, key: str) -> str | None:
        """A page goes into the room where its person belongs; which it is. Raises as `actions.enter`."""
        visit.room = await self._entering.put(actions.Entering(key, visit.person, visit.id))
        visit.joined.add(key)
        self._dirty.add(key)
        return visit.room

    async def leave(self, visit: Visit, key: str) -> None:
        """A page is in the plenary again."""
        visit.room = None
        self._dirty.add(key)
        if key in visit.joined:
            async with self._store.unit() as unit:
                await actions.leave(unit, key, visit.person, visit.id)

    def here(self, key: str) -> dict[str, list[str]]:
        """Who is in which room now, by the room's key."""
        found: dict[str, set[str]] = {}
        for visit in self._visits():
            if visit.session == key and visit.room:
                found.setdefault(visit.room, set()).add(visit.person.public_id)
        return {room: sorted(people) for room, people in found.items()}

    def _signal(self, key: str) -> None:
        """Tell each page of the room that it is in, and staff who is in which."""
        here = self.here(key)
        inside: dict[str, dict[str, Any]] = {}
        for visit in self._visits():
            if visit.session != key:
                continue
            room = visit.room if visit.room in visit.rooms else None
            if room and room not in inside:
                inside[room] = self._inside(key, room, here.get(room, []))
            rooms = here if may(visit.roles[key], Permission.MODERATE) else None
            visit.outbox.signal("groups", {"session": key, "group": inside[room] if room else None, "rooms": rooms})

    def _inside(self, key: str, room: str, here: list[str]) -> dict[str, Any]:
        media = self.media
        slots, feeds, speaking = media.slots(key, room), media.arriving(key, room), media.speaking(key, room)
        return {"room": room, "here": here, **slots, "feeds": feeds, "speaking": speaking}
