"""Reading pauses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.pauses.model import Kind, Pause
from conference.pauses.tables import PauseReturnRow, PauseRow
from conference.people.tables import PersonRow
from conference.sessions.actions.presence import ONLINE
from conference.sessions.tables import PresenceRow, SessionRow

_RUNNING = PauseRow.ended_at.is_(None)


async def running(db: AsyncSession, session_id: int) -> PauseRow | None:
    """The pause that runs in a session, to be changed."""
    query = select(PauseRow).where(PauseRow.session_id == session_id, _RUNNING)
    return (await db.execute(query)).scalar_one_or_none()


async def over(db: AsyncSession, session_id: int) -> bool:
    """Whether there was a pause in a session, and none runs."""
    pauses = PauseRow.session_id == session_id
    query = select(exists().where(pauses), exists().where(pauses, _RUNNING))
    was, runs = (await db.execute(query)).one()
    return bool(was and not runs)


async def all_running(db: AsyncSession) -> dict[str, Pause]:
    """The pauses that run, by the key of their session."""
    query = select(SessionRow.key, PauseRow).join(SessionRow, SessionRow.id == PauseRow.session_id).where(_RUNNING)
    return {key: row.to_model() for key, row in await db.execute(query)}


async def pause_view(db: AsyncSession, session_id: int, person_id: int) -> dict[str, Any] | None:
    """The pause as a person's page gets it, or None."""
    row = await running(db, session_id)
    if row is None:
        return None
    mine = await db.get(PauseReturnRow, (row.id, person_id))
    return {**row.to_model().as_dict(), "mine": {"back": mine is not None}}


async def returned(db: AsyncSession, session_id: int) -> dict[str, Any] | None:
    """``{run, back}``: how many are back, None without a pause."""
    row = await running(db, session_id)
    if row is None:
        return None
    counted = select(func.count()).select_from(PauseReturnRow).where(PauseReturnRow.pause_id == row.id)
    return {"run": row.run, "back": (await db.execute(counted)).scalar_one()}


async def cameras_off(db: AsyncSession, session_id: int) -> set[str] | None:
    """Whose cameras, microphones and screens are off in a session because of a pause; None: everybody's.

    A pause switches off its own session; an active pause also those who take part in it, wherever they publish.
    """
    if await running(db, session_id):
        return None
    query = (
        select(PersonRow.public_id)
        .join(PresenceRow, PresenceRow.person_id == PersonRow.id)
        .join(PauseRow, PauseRow.session_id == PresenceRow.session_id)
        .where(_RUNNING, PauseRow.kind == Kind.ACTIVE.value)
        .where(PresenceRow.ended.is_(None), PresenceRow.source == ONLINE)
    )
    return set((await db.execute(query)).scalars())
