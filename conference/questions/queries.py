"""Reading questions and hands: what a given person may see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.clock import iso
from conference.core.errors import NotFound
from conference.people.model import Person
from conference.people.tables import PersonRow
from conference.questions.model import SHOWN, Settings, State
from conference.questions.tables import HandRow, QuestionRow, QuestionSettingsRow, QuestionVoteRow


async def question(db: AsyncSession, session_id: int, key: str) -> QuestionRow:
    """One question of a session, to be changed. Raises NotFound."""
    query = select(QuestionRow).where(QuestionRow.session_id == session_id, QuestionRow.key == key)
    row = (await db.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound("Diese Frage")
    return row


async def settings(db: AsyncSession, session_id: int) -> Settings:
    """What is possible in a session."""
    row = await db.get(QuestionSettingsRow, session_id)
    return row.to_model() if row else Settings()


def question_view(row: QuestionRow, person: PersonRow | None) -> dict[str, Any]:
    """A question as pages get it (QUESTION)."""
    return {
        "key": row.key,
        "text": row.text,
        "state": row.state,
        "anonymous": person is None,
        "person": person.public_id if person else None,
        "name": person.to_model().name if person else "",
        "organisation": person.organisation if person else "",
        "edited": row.edited,
        "asked_at": iso(row.asked_at),
    }


async def view(db: AsyncSession, session_id: int, person: Person, *, moderates: bool) -> dict[str, Any]:
    """Settings, the pinned question, all that the person may see, and for which of them it votes."""
    query = (
        select(QuestionRow, PersonRow)
        .outerjoin(PersonRow, PersonRow.id == QuestionRow.person_id)
        .where(QuestionRow.session_id == session_id, QuestionRow.state != State.MERGED.value)
    )
    if not moderates:
        shown = QuestionRow.state.in_([state.value for state in SHOWN])
        query = query.where(or_(shown, QuestionRow.person_id == person.id))
    found = sorted((question_view(row, who) for row, who in await db.execute(query)), key=_age)
    voted = (
        select(QuestionRow.key)
        .join(QuestionVoteRow, QuestionVoteRow.question_id == QuestionRow.id)
        .where(QuestionRow.session_id == session_id, QuestionVoteRow.person_id == person.id)
    )
    row = await db.get(QuestionSettingsRow, session_id)
    pinned = await db.get(QuestionRow, row.pinned_id) if row and row.pinned_id else None
    return {
        **(row.to_model() if row else Settings()).as_dict(),
        "pinned": pinned.key if pinned else None,
        "items": found,
        "voted": sorted((await db.execute(voted)).scalars()),
    }


def _age(question: dict[str, Any]) -> tuple[str, str]:
    return question["asked_at"], question["key"]


async def votes(db: AsyncSession, session_id: int) -> dict[str, int]:
    """How many vote for each question that everybody sees."""
    query = (
        select(QuestionRow.key, func.count(QuestionVoteRow.person_id))
        .outerjoin(QuestionVoteRow, QuestionVoteRow.question_id == QuestionRow.id)
        .where(QuestionRow.session_id == session_id, QuestionRow.state.in_([state.value for state in SHOWN]))
        .group_by(QuestionRow.key)
    )
    return dict((await db.execute(query)).all())


async def is_called(db: AsyncSession, session_id: int, person_id: int) -> bool:
    """Whether somebody was called up and has not given the word back."""
    hand = await db.get(HandRow, (session_id, person_id))
    return hand is not None and hand.called


async def hands(db: AsyncSession, session_id: int) -> list[dict[str, Any]]:
    """The hands that are up, the first first."""
    query = (
        select(HandRow, PersonRow)
        .join(PersonRow, PersonRow.id == HandRow.person_id)
        .where(HandRow.session_id == session_id)
        .order_by(HandRow.raised_at, PersonRow.public_id)
    )
    return [
        {
            "person": person.public_id,
            "name": person.to_model().name,
            "organisation": person.organisation,
            "since": iso(row.raised_at),
            "called": row.called,
        }
        for row, person in await db.execute(query)
    ]
