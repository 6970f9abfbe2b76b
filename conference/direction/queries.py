"""Reading the run of show."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.clock import iso
from conference.direction.model import Polls
from conference.direction.tables import CueRow, DirectionRow
from conference.polls.tables import PollRow
from conference.sessions.tables import SessionRow

NOTHING = {"part": None, "screen": "auto", "message": None}


async def state(db: AsyncSession) -> DirectionRow | None:
    """Where the day stands; None before the first import."""
    return await db.get(DirectionRow, 1)


async def cues(db: AsyncSession) -> list[CueRow]:
    """The run of show in order, to be changed."""
    query = select(CueRow).where(~CueRow.removed).order_by(CueRow.position, CueRow.key)
    return list((await db.execute(query)).scalars())


async def prepared_polls(db: AsyncSession) -> Polls:
    """Key and question of the polls that the programme brought, by session."""
    query = (
        select(SessionRow.key, PollRow.key, PollRow.question)
        .join(SessionRow, SessionRow.id == PollRow.session_id)
        .where(PollRow.prepared)
        .order_by(PollRow.position, PollRow.id)
    )
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for session, key, question in await db.execute(query):
        found[session].append((key, question))
    return found


def cue_view(row: CueRow) -> dict[str, Any]:
    """A cue as moderators get it (CUE)."""
    return {
        "key": row.key,
        "kind": row.kind,
        "session": row.session,
        "target": row.target,
        "text": row.text,
        "minutes": row.minutes,
        "own": row.own,
        "state": row.state,
        "at": iso(row.done_at),
        "by": row.done_by,
        "late": row.late,
        "step": step_of(row),
        "passed": was_passed(row),
    }


def step_of(row: CueRow) -> int | None:
    """The step in which a cue was done, skipped or passed over; cues of one step are taken back together."""
    return (row.undo or {}).get("step")


def was_passed(row: CueRow) -> bool:
    """Whether a cue was passed over without a press of its own."""
    return bool((row.undo or {}).get("passed"))


async def direction_view(db: AsyncSession) -> dict[str, Any]:
    """The run of show as moderators get it."""
    row = await state(db)
    return {
        "step": row.step if row else 0,
        "by": row.by_name if row else "",
        "drift": row.drift if row else 0,
        "cues": [cue_view(cue) for cue in await cues(db)],
    }


async def show_view(db: AsyncSession) -> dict[str, Any]:
    """What everybody gets: the part that is on, what the hall's screen shows in front, words to all."""
    row = await state(db)
    return {"part": row.part, "screen": row.screen, "message": row.message} if row else dict(NOTHING)
