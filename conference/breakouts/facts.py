"""What can happen in working groups. Who hears a room is in it, or is staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact, Told


@dataclass(frozen=True)
class BreakoutsCalled(Fact):
    """Rooms open at an instant (null: no longer): every page of the day goes there. Stream: day."""

    name: ClassVar[str] = "breakouts.called"
    session: str
    opens_at: str | None


@dataclass(frozen=True)
class BreakoutsStayed(Fact):
    """Somebody stays in the plenary, or does after all go. Told to that person's devices alone. Stream: day."""

    name: ClassVar[str] = "breakouts.stayed"
    session: str
    staying: bool
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)


@dataclass(frozen=True)
class BreakoutsChanged(Fact):
    """Phase, times or settings changed: the whole round."""

    name: ClassVar[str] = "breakouts.changed"
    round: dict[str, Any]


@dataclass(frozen=True)
class BreakoutsRooms(Fact):
    """The rooms as everybody sees them from outside, and how many have a place in each."""

    name: ClassVar[str] = "breakouts.rooms"
    rooms: list[dict[str, Any]]


@dataclass(frozen=True)
class BreakoutsPlaced(Fact):
    """Where somebody belongs now, with all that is known in that room. Told to that person's devices alone."""

    name: ClassVar[str] = "breakouts.placed"
    room: str | None
    me: dict[str, Any]
    group: dict[str, Any] | None
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)


@dataclass(frozen=True)
class _InRoom(Fact):
    """A fact for those in one room and for staff."""

    room: str

    @property
    def audience(self) -> str:
        return audience.room(self.room)


@dataclass(frozen=True)
class BreakoutsPeople(_InRoom):
    """Who belongs to a room now: all of them."""

    name: ClassVar[str] = "breakouts.people"
    people: list[dict[str, Any]]


@dataclass(frozen=True)
class BreakoutsPerson(_InRoom):
    """Somebody's hand, microphone or camera changed."""

    name: ClassVar[str] = "breakouts.person"
    person: dict[str, Any]


@dataclass(frozen=True)
class BreakoutsHelp(_InRoom):
    """A room's call for help, its place in the queue and its answer; null: nothing is asked any more."""

    name: ClassVar[str] = "breakouts.help"
    help: dict[str, Any] | None


@dataclass(frozen=True)
class BreakoutsMessage(Fact):
    """The moderation told one room something, or all (``room`` null)."""

    name: ClassVar[str] = "breakouts.message"
    room: str | None
    message: dict[str, Any]

    @property
    def audience(self) -> str:
        return audience.ALL if self.room is None else audience.room(self.room)


@dataclass(frozen=True)
class BreakoutsDesk(Fact):
    """People as the moderation sees them: wishes, room, lock. Those named have changed."""

    name: ClassVar[str] = "breakouts.desk"
    people: list[dict[str, Any]]

    @property
    def audience(self) -> str:
        return audience.MODERATORS


def lets_into(told: Told) -> frozenset[str] | None:
    """The rooms that whoever is told this fact is let into from now on; None when it is about something else."""
    if told.name != BreakoutsPlaced.name:
        return None
    return frozenset({told.body["room"]} if told.body["room"] else ())
