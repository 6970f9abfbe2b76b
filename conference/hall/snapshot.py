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
from conference.store.facts_log import last_numbers


async def snapshot_for(db: AsyncSession, person: Person, handle: str, key: str | None) -> dict[str, Any]:
    """The facts part of the snapshot (docs/protocol.md), in one consistent reading.

    Raises:
        NotFound: no such session, or no conference yet.
    """
    rows = await sessions.agenda(db)
    row = await sessions.session(db, key) if key is not None else None
    role = row.role_of(person) if row else person.role
    return {
        "conference": sessions.conference_view(await sessions.conference(db)),
        "me": _me(person, handle, role),
        "numbers": await last_numbers(db, [DAY, *([key] if key else [])]),
        "agenda": sessions.agenda_view(rows),
        "show": await direction.show_view(db),
        "direction": await direction.direction_view(db) if may(person.role, Permission.MODERATE) else None,
        "call": await breakouts.call_view(db, person),
        "session": key,
        "stage": await _stage(db, row, role),
        "film": await films.film_view(db, row.id) if row else None,
        "films": await films.files(db, row) if row and _moderates(role) else None,
        "polls": await _polls(db, row, person, role),
        "pause": await pauses.pause_view(db, row.id, person.id) if row else None,
        "breakouts": await breakouts.view(db, row, person) if row and row.kind == "breakouts" else None,
        "boards": await boards.view(db, row) if row and row.kind == "breakouts" else None,
        "board": await boards.shown(db, row.id) if row else None,
        "questions": await questions.view(db, row.id, person, moderates=_moderates(role)) if row else None,
        "hands": await questions.hands(db, row.id) if row else [],
        "chat": await chat.view(db, row.id, person, moderates=_moderates(role)) if row else None,
        "feedback": await feedback.form_view(db, row, person.id) if row and row.kind == "feedback" else None,
    }


def _moderates(role: Role) -> bool:
    return may(role, Permission.MODERATE)


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


async def _stage(db: AsyncSession, row: Session | None, role: Role) -> dict[str, Any] | None:
    if row is None or row.kind != "live":
        return None
    return sessions.stage_view(await sessions.stage(db, row.id), crew=role in CREW)


async def _polls(db: AsyncSession, row: Session | None, person: Person, role: Role) -> list[dict[str, Any]]:
    if row is None:
        return []
    return await polls.polls_view(db, row.id, person.id, moderates=may(role, Permission.MODERATE))
