"""Reading feedback."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.feedback.model import Answer, Form, summary
from conference.feedback.tables import FeedbackRow
from conference.people.queries import eligible
from conference.sessions.model import Session


async def answers(db: AsyncSession, session_id: int) -> list[Answer]:
    """All answers, without names, in an order that tells nothing (by content)."""
    rows = (await db.execute(select(FeedbackRow).where(FeedbackRow.session_id == session_id))).scalars()
    return sorted((row.to_model() for row in rows), key=lambda a: (-a.rating, sorted(a.aspects.items()), a.comment))


async def form_view(db: AsyncSession, row: Session, person_id: int) -> dict[str, Any]:
    """The form with what this person has answered."""
    mine = await db.get(FeedbackRow, (row.id, person_id))
    return {**Form.of(row.extra).as_dict(), "mine": mine.to_model().as_dict() if mine else None}


async def summary_of(db: AsyncSession, row: Session) -> dict[str, Any]:
    """Mean, distribution, response rate, comparison (see `model.summary`)."""
    return summary(Form.of(row.extra), await answers(db, row.id), await eligible(db))
