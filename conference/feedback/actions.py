"""Verbs on feedback."""

from __future__ import annotations

from collections.abc import Mapping

from conference.core.errors import ConferenceError
from conference.feedback.facts import FeedbackGiven
from conference.feedback.model import Form, give
from conference.feedback.tables import FeedbackRow
from conference.people.model import Person
from conference.sessions import queries as session_queries
from conference.sessions.model import State
from conference.store.unit import Unit


async def rate(
    unit: Unit,
    key: str,
    person: Person,
    rating: int | None,
    aspects: Mapping[str, int] | None,
    comment: str | None,
) -> None:
    """Keep what a person answers; None leaves that part as it was; changeable until the session ends.

    Raises:
        ConferenceError: ``feedback.not_open``, ``feedback.rating``, ``feedback.aspect``, ``feedback.comment``.
    """
    row = await session_queries.row(unit.db, key)
    if row.kind != "feedback" or row.state != State.LIVE:
        raise ConferenceError("feedback.not_open", "Rückmeldungen sind gerade nicht möglich.")
    kept = await unit.db.get(FeedbackRow, (row.id, person.id))
    earlier = kept.to_model() if kept else None
    answer = give(Form.of(row.extra), earlier, rating, aspects, comment)
    if answer == earlier:
        return
    if kept is None:
        kept = FeedbackRow(session_id=row.id, person_id=person.id)
        unit.db.add(kept)
    kept.rating, kept.aspects, kept.comment, kept.given_at = (
        answer.rating,
        dict(answer.aspects),
        answer.comment,
        unit.now,
    )
    await unit.tell(key, FeedbackGiven(answer.rating, dict(answer.aspects), answer.comment, person.public_id))
