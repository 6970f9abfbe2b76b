"""Sessions and the stage: the rules, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from conference.core.errors import ConferenceError
from conference.core.machine import Machine
from conference.core.roles import Role
from conference.people.model import Person


class State(StrEnum):
    """Where a session stands."""

    PLANNED = "planned"
    BACKSTAGE = "backstage"  # open for speakers only
    LIVE = "live"
    ENDED = "ended"


MOVES: Machine[State] = Machine(
    "session",
    {
        State.PLANNED: frozenset({State.BACKSTAGE, State.LIVE}),
        State.BACKSTAGE: frozenset({State.PLANNED, State.LIVE}),
        State.LIVE: frozenset({State.BACKSTAGE, State.ENDED}),
        State.ENDED: frozenset({State.BACKSTAGE, State.LIVE}),
    },
)
"""All moves of a session. Back from *live* to *backstage* is an interruption; from *ended* a second part."""


class Source(StrEnum):
    """What a feed shows."""

    CAMERA = "camera"
    SCREEN = "screen"
    PROGRAMME = "programme"  # the production's mixed picture


class Feed(StrEnum):
    """On which of its two ways the production's programme comes. One of them is on air, the other stands by."""

    MAIN = "main"
    BACKUP = "backup"

    @property
    def other(self) -> Feed:
        """The one beside it."""
        return Feed.BACKUP if self is Feed.MAIN else Feed.MAIN


class Waits(StrEnum):
    """Why somebody who was announced did not come on stage."""

    NOT_YET = "not_yet"  # said so
    NO_MEDIA = "no_media"  # neither picture nor sound arrives
    FULL = "full"  # no place on stage


GOING_ON = 10
"""Seconds between the announcement to a speaker and being on stage."""
SLOTS = 9
"""Places on stage: 0–7 for cameras and programmes, `SCREEN_SLOT` for the shared screen."""
SCREEN_SLOT = 8
BACKSTAGE_SLOTS = 8
"""Pictures that the backstage room shows at the same time."""


@dataclass(frozen=True)
class Speaker:
    """Somebody who speaks in a part, with the office of that occasion. `place`: ``hall`` or ``remote``."""

    person_id: int
    name: str
    office: str
    place: str


@dataclass(frozen=True)
class Part:
    """A part of a session: a discussion, a talk, a film."""

    key: str
    title: str
    format: str
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True)
class Session:
    """An agenda item, as it is read.

    Attributes:
        sequence: rises with every change of time or title (RFC 5545 section 3.8.7.4), last at `changed_at`.
        extra: what the programme says beyond that, by kind.
        moderators: keys of the people who moderate it.
        shifted: by how many minutes it begins later (negative: earlier) than in the programme.
    """

    id: int
    key: str
    kind: str
    title: str
    position: int
    starts: datetime
    ends: datetime
    record: bool
    state: State
    running_since: datetime | None
    sequence: int
    changed_at: datetime
    extra: Mapping[str, Any]
    parts: tuple[Part, ...]
    moderators: frozenset[int]
    shifted: int = 0

    def office_of(self, person: Person) -> str:
        """The office under which a person appears here."""
        return next((s.office for s in self._speakers() if s.person_id == person.id), person.office)

    def role_of(self, person: Person) -> Role:
        """The role of a person here."""
        return role_in(
            person.role,
            moderates=person.id in self.moderators,
            speaks=any(s.person_id == person.id for s in self._speakers()),
            has_moderators=bool(self.moderators),
        )

    def _speakers(self) -> Iterator[Speaker]:
        return (speaker for part in self.parts for speaker in part.speakers)


def belongs_now(agenda: Sequence[Session]) -> str | None:
    """The key of the session where everybody belongs now; None when the day is over.

    The live session (the latest begun if there are several), else the first one backstage, else the first planned after
    all that is over, else the first that was left out; nobody is led back to a lobby.
    """
    live = [item for item in agenda if item.state is State.LIVE]
    if live:
        return max(live, key=lambda item: (item.running_since or item.starts, item.starts)).key
    backstage = [item.key for item in agenda if item.state is State.BACKSTAGE]
    over = max((place for place, item in enumerate(agenda) if item.state is State.ENDED), default=-1)
    planned = [(place, item) for place, item in enumerate(agenda) if item.state is State.PLANNED]
    later = [item.key for place, item in planned if place > over]
    left_out = [item.key for place, item in planned if place < over and item.kind != "lobby"]
    return next(iter(backstage + later + left_out), None)


def role_in(role: Role, *, moderates: bool, speaks: bool, has_moderators: bool) -> Role:
    """The role of a person in one session.

    A moderator of the conference moderates the sessions that name him, and those that name nobody; in the others he is
    a participant. Being named as speaker or moderator raises a participant in that session only.
    """
    if role in (Role.ORGANISER, Role.PRODUCTION, Role.VENUE):
        return role
    if moderates or (role is Role.MODERATOR and not has_moderators):
        return Role.MODERATOR
    return Role.SPEAKER if speaks else Role.PARTICIPANT


def free_slot(taken: Iterable[int | None], source: Source) -> int:
    """The first free slot for a source.

    Raises:
        ConferenceError: ``stage.full``.
    """
    occupied = set(taken)
    places = [SCREEN_SLOT] if source is Source.SCREEN else range(SCREEN_SLOT)
    for slot in places:
        if slot not in occupied:
            return slot
    if source is Source.SCREEN:
        raise ConferenceError("stage.full", "Es wird schon ein Bildschirm gezeigt.")
    raise ConferenceError("stage.full", "Auf der Bühne sind alle acht Plätze besetzt.")


def may_watch(state: State, role: Role) -> bool:
    """Whether this role sees the stage in this state: all while live; backstage the crew and the hall's screen."""
    if state is State.LIVE:
        return True
    return state is State.BACKSTAGE and role is not Role.PARTICIPANT
