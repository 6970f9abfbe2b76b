"""Who hears a fact. Joining and leaving an audience are the same function: `heard_by`."""

from __future__ import annotations

from conference.core.roles import CREW, Permission, Role, may

ALL = "all"
CREW_ONLY = "crew"
MODERATORS = "moderators"
_PERSON = "person:"


def person(public_id: str) -> str:
    """The audience of one person: all devices of theirs and nobody else."""
    return _PERSON + public_id


def heard_by(person_id: str, role: Role) -> frozenset[str]:
    """The audiences that somebody in this role belongs to."""
    heard = {ALL, person(person_id)}
    if role in CREW:
        heard.add(CREW_ONLY)
    if may(role, Permission.MODERATE):
        heard.add(MODERATORS)
    return frozenset(heard)


def hears(audience: str, person_id: str, role: Role) -> bool:
    """Whether a visit of this person in this role hears what is said to the audience."""
    return audience in heard_by(person_id, role)
