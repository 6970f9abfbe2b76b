"""Questions as rows. Who voted is in no export; how many did is. Anonymous questions have no name to leave out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from conference.people.tables import PersonRow
from conference.questions.model import State
from conference.questions.tables import QuestionRow, QuestionVoteRow
from conference.sessions.tables import SessionRow
from conference.sheets.model import Column, Sheet

STATE_NAMES = {
    State.WAITING: "Nicht bearbeitet",
    State.OPEN: "Freigegeben",
    State.ANSWERED: "Beantwortet",
    State.DISMISSED: "Nicht aufgenommen",
    State.MERGED: "Zusammengelegt",
}


async def payload(db: AsyncSession) -> list[dict[str, Any]]:
    """Every question, by session and then by votes."""
    into = aliased(QuestionRow)
    count = select(func.count()).where(QuestionVoteRow.question_id == QuestionRow.id).scalar_subquery()
    query = (
        select(QuestionRow, SessionRow, PersonRow, into.text, count)
        .join(SessionRow, SessionRow.id == QuestionRow.session_id)
        .outerjoin(PersonRow, PersonRow.id == QuestionRow.person_id)
        .outerjoin(into, into.id == QuestionRow.into_id)
        .order_by(SessionRow.position, count.desc(), QuestionRow.asked_at, QuestionRow.key)
    )
    return [
        {
            "session": session.key,
            "title": session.title,
            "text": row.text,
            "state": row.state,
            "votes": votes,
            "anonymous": person is None,
            "name": person.to_model().name if person else None,
            "organisation": person.organisation if person else None,
            "asked_at": row.asked_at,
            "edited": row.edited,
            "merged_into": merged,
        }
        for row, session, person, merged, votes in await db.execute(query)
    ]


COLUMNS = (
    Column("Veranstaltung"),
    Column("Frage"),
    Column("Stand"),
    Column("Stimmen", "int"),
    Column("Anonym", "bool"),
    Column("Name"),
    Column("Organisation"),
    Column("Gestellt", "datetime"),
    Column("Bearbeitet", "bool"),
    Column("Zusammengelegt mit"),
)


def sheet(questions: list[dict[str, Any]], name: str = "Fragen") -> Sheet:
    """A row per question; this one is the CSV."""
    rows: list[tuple[Any, ...]] = [
        (
            entry["title"],
            entry["text"],
            STATE_NAMES[State(entry["state"])],
            entry["votes"],
            entry["anonymous"],
            entry["name"],
            entry["organisation"],
            entry["asked_at"],
            entry["edited"],
            entry["merged_into"],
        )
        for entry in questions
    ]
    return Sheet(name, COLUMNS, rows)


def sheets(questions: list[dict[str, Any]]) -> list[Sheet]:
    """All questions, then one sheet per session that had some."""
    titles = dict.fromkeys(entry["title"] for entry in questions)
    return [sheet(questions), *(sheet([q for q in questions if q["title"] == title], title) for title in titles)]
