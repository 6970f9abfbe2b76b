"""Who may do what. This page is the only place where a role is given a permission."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is in one session (or, on pages of the day, in the conference)."""

    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    MODERATOR = "moderator"
    ORGANISER = "organiser"
    PRODUCTION = "production"
    VENUE = "venue"  # the hall's screen


class Permission(StrEnum):
    """What a command or a page asks for."""

    VIEW = "view"  # see the session and its stage when it is live
    JOIN = "join"  # be present: counted in attendance
    VOTE = "vote"
    RATE = "rate"
    PUBLISH = "publish"  # go backstage with camera, microphone, screen
    MODERATE = "moderate"  # move sessions, bring people on stage, run polls
    PRODUCE = "produce"  # feed the venue's programme into the stage
    MONITOR = "monitor"  # see how feeds, viewers and media workers are doing
    CONTROL = "control"  # choose which of the programme's feeds is on air, speak to those backstage
    SHOW = "show"  # the hall's screens: they show votes as they grow
    ORGANISE = "organise"  # people, links, exports


_P = Permission

MAY: dict[Role, frozenset[Permission]] = {
    Role.PARTICIPANT: frozenset({_P.VIEW, _P.JOIN, _P.VOTE, _P.RATE}),
    Role.SPEAKER: frozenset({_P.VIEW, _P.JOIN, _P.VOTE, _P.RATE, _P.PUBLISH}),
    Role.MODERATOR: frozenset(
        {_P.VIEW, _P.JOIN, _P.VOTE, _P.RATE, _P.PUBLISH, _P.MODERATE, _P.MONITOR, _P.CONTROL, _P.SHOW}
    ),
    Role.ORGANISER: frozenset({_P.VIEW, _P.JOIN, _P.MODERATE, _P.ORGANISE, _P.MONITOR, _P.CONTROL, _P.SHOW}),
    Role.PRODUCTION: frozenset({_P.VIEW, _P.PRODUCE, _P.MONITOR, _P.CONTROL, _P.SHOW}),
    Role.VENUE: frozenset({_P.VIEW, _P.SHOW}),
}

CREW = frozenset({Role.SPEAKER, Role.MODERATOR, Role.ORGANISER, Role.PRODUCTION})
"""Those who see backstage."""


def may(role: Role, permission: Permission) -> bool:
    """Whether the role has the permission."""
    return permission in MAY[role]


def permissions(role: Role) -> list[str]:
    """The role's permissions by name, sorted, for the page."""
    return sorted(p.value for p in MAY[role])
