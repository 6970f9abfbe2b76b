"""What a person sees: the one picture that a page is born with and returns to."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conference.breakouts import queries as breakouts
from conference.breakouts.boards import queries as boards
from conference.chat import queries as chat
from conference.core.facts import DAY
from conference.core.roles import CREW, Permission, Role, may, permissions
from conference.direction import queries as direction
from conference.feedback import queries as feedback
from conference.films import queries as films
from conference.pauses import queries as pauses
from conference.people.model import Person
from conference.polls import queries as polls
from conference.questions import queries as questions
from conference.sessions import queries as sessions
from conference.sessions.model import Session
from conference.store.facts_log import kept, last_numbers


async def snapshot_for(db: AsyncSession, person: Person, handle: str, key: str | None) -> dict[str, Any]:
    """The facts part of the snapshot (docs/protocol.md), in one consistent reading.

    Raises:
        NotFound: no such session, or no conference yet.
    """
    row = await sessions.session(db, key) if key is not None else None
    role = row.role_of(person) if row else person.role
    return {
        **await kept(db, "day", [DAY], lambda: _day(db)),
        "me": _me(person, handle, role),
        "numbers": await last_numbers(db, [DAY, *([key] if key else [])]),
        "direction": await direction.direction_view(db) if may(person.role, Permission.MODERATE) else None,
        "call": await breakouts.call_view(db, person),
        "session": key,
        **(await _session(db, row, person, role) if row else NOWHERE),
    }


async def _day(db: AsyncSession) -> dict[str, Any]:
    """What is the same for everybody."""
    return {
        "conference": sessions.conference_view(await sessions.conference(db)),
        "agenda": sessions.agenda_view(await sessions.agenda(db)),
        "show": await direction.show_view(db),
    }


async def _session(db: AsyncSession, row: Session, person: Person, role: Role) -> dict[str, Any]:
    """What a person sees of a session."""
    moderates = may(role, Permission.MODERATE)
    shared = await kept(
        db,
        f"session {row.key} {role}",
        [DAY, row.key],
        lambda: _shared(db, row, crew=role in CREW, moderates=moderates),
    )
    said, groups = shared["chat"], row.kind == "breakouts"
    return {
        **shared,
        "films": await films.files(db, row) if moderates else None,
        "polls": await polls.polls_view(db, row.id, person.id, moderates=moderates),
        "pause": await pauses.pause_view(db, row.id, person.id),
        "breakouts": await breakouts.view(db, row, person) if groups else None,
        "boards": await boards.view(db, row) if groups else None,
        "questions": await questions.view(db, row.id, person, moderates=moderates),
        "chat": {**said, **await chat.allowed(db, row.id, person, moderates=moderates)},
        "feedback": await feedback.form_view(db, row, person.id) if row.kind == "feedback" else None,
    }


async def _shared(db: AsyncSession, row: Session, *, crew: bool, moderates: bool) -> dict[str, Any]:
    """What all who have a role in a session see of it."""
    return {
        "stage": sessions.stage_view(await sessions.stage(db, row.id), crew=crew) if row.kind == "live" else None,
        "film": await films.film_view(db, row.id),
        "board": await boards.shown(db, row.id),
        "hands": await questions.hands(db, row.id),
        "chat": await chat.what_was_said(db, row.id, moderates=moderates),
    }


NOWHERE: dict[str, Any] = {
    "stage": None, "film": None, "board": None, "hands": [], "films": None, "polls": [], "pause": None,
    "breakouts": None, "boards": None, "questions": None, "chat": None, "feedback": None,
}  # fmt: skip
"""What is seen of no session."""


def _me(person: Person, handle: str, role: Role) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "handle": handle,
        "name": person.name,
        "organisation": person.organisation,
        "office": person.office,
        "role": role.value,
        "may": permissions(role),
    }
