"""Working groups: when their rooms are open, what was wished for, who comes too late. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conference.core.machine import Machine

ANNOUNCED_SECONDS = 20
"""From the press to the opening of the rooms: long enough to finish a sentence and to say *I stay here*."""
RECALL_SECONDS = 60
GRACE_SECONDS = 10
"""How long rooms stay open beyond their end while somebody is speaking."""
MAX_WISHES = 3
MAX_CAPACITY = 1000
DEAR = (0, 1, 4)
"""What the first, second and third wish cost; nobody's first wish is bought with somebody's third."""
DEAREST = 16
"""What a place costs that was not wished for, to somebody who had wishes."""


class Phase(StrEnum):
    """Where the working groups stand."""

    PREPARING = "preparing"
    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"


MOVES: Machine[Phase] = Machine(
    "breakouts",
    {
        Phase.PREPARING: frozenset({Phase.ANNOUNCED}),
        Phase.ANNOUNCED: frozenset({Phase.PREPARING, Phase.OPEN}),
        Phase.OPEN: frozenset({Phase.CLOSED}),
        Phase.CLOSED: frozenset({Phase.ANNOUNCED}),
    },
)
"""All moves of the working groups. They may be opened again."""

BEFORE = (Phase.PREPARING, Phase.ANNOUNCED, Phase.CLOSED)
"""While no room is open."""


@dataclass(frozen=True)
class Room:
    """A room of the working groups, as it is filled."""

    key: str
    title: str
    capacity: int


@dataclass(frozen=True)
class Outcome:
    """How many got which wish: first, second, third; another room than those wished for; no wishes at all."""

    granted: tuple[int, int, int]
    other: int
    without: int

    def as_dict(self) -> dict[str, object]:
        """As pages get it."""
        return {"granted": list(self.granted), "other": self.other, "without": self.without}


def cost(wishes: Sequence[str], room: str) -> int:
    """What it costs somebody with these wishes to be in this room."""
    if not wishes:
        return 0
    return DEAR[wishes.index(room)] if room in wishes else DEAREST


def outcome(places: Iterable[tuple[Sequence[str], str]]) -> Outcome:
    """Count how many got which wish, from wishes and room of everybody who has a place."""
    counted: Counter[int | str] = Counter(
        "without" if not wishes else wishes.index(room) if room in wishes else "other" for wishes, room in places
    )
    return Outcome((counted[0], counted[1], counted[2]), counted["other"], counted["without"])


def emptiest(rooms: Sequence[Room], taken: Mapping[str, int]) -> str | None:
    """Where somebody goes who came too late to be assigned: the room least full for its size; None if all are full."""
    free = [room for room in rooms if taken.get(room.key, 0) < room.capacity]
    return min(free, key=lambda room: taken.get(room.key, 0) / room.capacity).key if free else None


def read_wishes(rooms: Sequence[Room], written: Iterable[str]) -> tuple[str, ...]:
    """Rooms that somebody meant: by key, title, the title's beginning (*AG 2*) or number; what fits none is dropped."""
    known: dict[str, str] = {}
    for number, room in enumerate(rooms, 1):
        beginning = re.split(r"\s[–—-]\s|:", room.title)[0]
        for name in (room.key, room.title, beginning, str(number)):
            known.setdefault(_folded(name), room.key)
    found = [known[_folded(name)] for name in written if _folded(name) in known]
    return tuple(dict.fromkeys(found))[:MAX_WISHES]


def _folded(name: str) -> str:
    return "".join(name.casefold().split())
