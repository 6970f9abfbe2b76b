"""Who hears a fact. Joining and leaving an audience are the same function: `heard_by`."""

from __future__ import annotations

from collections.abc import Collection

from conference.core.roles import CREW, Permission, Role, may

ALL = "all"
CREW_ONLY = "crew"
MODERATORS = "moderators"
_PERSON = "person:"
_ROOM = "room:"


def person(public_id: str) -> str:
    """The audience of one person: all devices of theirs and nobody else."""
    return _PERSON + public_id


def room(key: str) -> str:
    """The audience of one room of working groups: those who belong there, and staff."""
    return _ROOM + key


def heard_by(person_id: str, role: Role, rooms: Collection[str] = ()) -> frozenset[str]:
    """The audiences that somebody in this role belongs to, who is let into these rooms."""
    heard = {ALL, person(person_id), *map(room, rooms)}
    if role in CREW:
        heard.add(CREW_ONLY)
    if may(role, Permission.MODERATE):
        heard.add(MODERATORS)
    return frozenset(heard)


def hears(audience: str, person_id: str, role: Role, rooms: Collection[str] = ()) -> bool:
    """Whether a visit of this person in this role, who is let into these rooms, hears what is said to the audience."""
    return audience in heard_by(person_id, role, rooms)
