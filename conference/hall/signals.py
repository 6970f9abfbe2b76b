"""Lossy news, computed from rows, at most twice a second: who is present, how the voting goes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.roles import Permission, Role, may
from conference.feedback import queries as feedback
from conference.pauses import queries as pauses
from conference.polls import queries as polls
from conference.questions import queries as questions
from conference.sessions import queries as sessions

_PUBLIC = ("run", "eligible", "present", "voted")
_RATING = ("eligible", "answered", "mean", "distribution")


async def signals_for(db: AsyncSession, key: str) -> dict[str, Any]:
    """``{presence, tallies, rating, pause, votes}`` of a session, as those who moderate it may see them."""
    row = await sessions.session(db, key)
    tallies = {
        poll.key: {"poll": poll.key, **await polls.live_result(db, poll)} for poll in await polls.open_polls(db, row.id)
    }
    rating = None
    if row.kind == "feedback":
        summary = await feedback.summary_of(db, row)
        rating = {"session": key, **{name: summary[name] for name in _RATING}}
    presence = {"session": key, **await sessions.presence(db, row.id)}
    back = await pauses.returned(db, row.id)
    pause = {"session": key, **back} if back else None
    counted = await questions.votes(db, row.id)
    votes = {"session": key, "counts": counted} if counted else None
    return {"presence": presence, "tallies": tallies, "rating": rating, "pause": pause, "votes": votes}


def shown_to(role: Role, signals: dict[str, Any]) -> dict[str, Any]:
    """What somebody in this role gets of the moderators' signals; the hall's screens get the votes as they grow."""
    if may(role, Permission.MODERATE):
        return signals
    return {**signals, "rating": None} if may(role, Permission.SHOW) else _public(signals)


def _public(signals: dict[str, Any]) -> dict[str, Any]:
    tallies = {key: {name: tally[name] for name in ("poll", *_PUBLIC)} for key, tally in signals["tallies"].items()}
    return {**signals, "tallies": tallies, "rating": None}
