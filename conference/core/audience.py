"""Who hears a fact. Joining and leaving an audience are the same function: `hears`."""

from __future__ import annotations

from conference.core.roles import CREW, Role

ALL = "all"
CREW_ONLY = "crew"
MODERATORS = "moderators"
_PERSON = "person:"

_MODERATING = frozenset({Role.MODERATOR, Role.ORGANISER})


def person(public_id: str) -> str:
    """The audience of one person: all devices of theirs and nobody else."""
    return _PERSON + public_id


def hears(audience: str, person_id: str, role: Role) -> bool:
    """Whether a visit of this person in this role hears what is said to the audience."""
    if audience == ALL:
        return True
    if audience == CREW_ONLY:
        return role in CREW
    if audience == MODERATORS:
        return role in _MODERATING
    return audience == _PERSON + person_id
