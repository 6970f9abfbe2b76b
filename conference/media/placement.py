"""Which worker does what: where a session is at home, who is where, and when viewers spread to other workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

SPREAD_AT = 100
"""Viewers that a worker takes before those of its sessions go to others, too."""


@dataclass(frozen=True)
class Held:
    """A resource that a worker holds.

    Attributes:
        room: of a viewer: what it watches; of a publisher: the room it was placed by, or ``""``.
        streams: of a publisher: its streams as `Stream.describe` tells them; None for a viewer.
    """

    resource: str
    worker: int
    owner: str
    room: str
    kind: str = ""
    streams: list[dict[str, Any]] | None = None

    @property
    def is_feed(self) -> bool:
        """Whether it is a publisher."""
        return self.streams is not None


@dataclass
class Placement:
    """Who is where.

    Attributes:
        held: every resource by its id.
        homes: the home worker of each session.
        viewers: how many viewers each worker has.
        watching: how many viewers each room has on each worker, by ``(worker, room)``.
    """

    spread_at: int = SPREAD_AT
    held: dict[str, Held] = field(default_factory=dict)
    homes: dict[str, int] = field(default_factory=dict)
    viewers: Counter[int] = field(default_factory=Counter)
    watching: Counter[tuple[int, str]] = field(default_factory=Counter)

    def add(self, held: Held) -> bool:
        """Note a new resource; True where that changes which worker needs what."""
        self.held[held.resource] = held
        if held.is_feed:
            return True
        self.viewers[held.worker] += 1
        self.watching[held.worker, held.room] += 1
        return self.watching[held.worker, held.room] == 1

    def remove(self, resource: str) -> bool:
        """Forget a resource; True where that changes which worker needs what."""
        held = self.held.pop(resource, None)
        if held is None:
            return False
        if held.is_feed:
            return True
        self.viewers[held.worker] -= 1
        self.watching[held.worker, held.room] -= 1
        if self.watching[held.worker, held.room]:
            return False
        del self.watching[held.worker, held.room]
        return True

    def on(self, worker: int) -> list[Held]:
        """What a worker holds, oldest first."""
        return [held for held in self.held.values() if held.worker == worker]

    def home(self, room: str, ready: Collection[int]) -> int:
        """The home of a room's session: chosen at first use, and again when the worker is not among those `ready`.

        `ready` must not be empty.
        """
        session = session_of(room)
        home = self.homes.get(session)
        if home is None or home not in ready:
            home = self.homes[session] = self.least_loaded(ready)
        return home

    def for_viewer(self, room: str, ready: Collection[int]) -> int:
        """Where a new viewer of a room goes: home, until that is full; then to whoever has least to do."""
        home = self.home(room, ready)
        return home if self.viewers[home] < self.spread_at else min(ready, key=lambda n: (self.viewers[n], n != home))

    def for_feed(self, room: str, ready: Collection[int]) -> int:
        """Where a new publisher goes: to the home of the room it will be seen in, where that is known."""
        return self.home(room, ready) if room else self.least_loaded(ready)

    def least_loaded(self, ready: Collection[int]) -> int:
        """The worker with the fewest resources, of equals that with the fewest sessions, then the first."""
        resources = Counter(held.worker for held in self.held.values())
        sessions = Counter(self.homes.values())
        return min(ready, key=lambda n: (resources[n], sessions[n], n))

    def keep_homes(self, sessions: Collection[str]) -> None:
        """Give up the homes of all but these sessions and those where somebody is."""
        kept = {*sessions, *(session_of(held.room) for held in self.held.values() if held.room)}
        self.homes = {session: home for session, home in self.homes.items() if session in kept}


def session_of(room: str) -> str:
    """What a room belongs to: ``stage/x`` and ``backstage/x`` to ``x``; a name without a slash is its own."""
    return room.split("/")[1] if "/" in room else room
