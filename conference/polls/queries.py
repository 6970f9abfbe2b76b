"""Reading polls: what a given person may see, and the tallies while they are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.clock import iso
from conference.core.errors import NotFound
from conference.people.queries import eligible
from conference.polls.model import Kind, State, tally
from conference.polls.tables import AnonymousCountRow, BallotRow, PollRow, PollRunRow, VoterRow
from conference.sessions.queries import present_voters


async def poll(db: AsyncSession, session_id: int, key: str) -> PollRow:
    """One poll of a session. Raises NotFound."""
    query = select(PollRow).where(PollRow.session_id == session_id, PollRow.key == key)
    row = (await db.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound("Diese Umfrage")
    return row


async def exists(db: AsyncSession, session_id: int, key: str) -> bool:
    """Whether a session has a poll."""
    query = select(PollRow.id).where(PollRow.session_id == session_id, PollRow.key == key)
    return (await db.execute(query)).first() is not None


async def current_run(db: AsyncSession, row: PollRow) -> PollRunRow | None:
    """The poll's last run, or None before the first."""
    query = select(PollRunRow).where(PollRunRow.poll_id == row.id, PollRunRow.number == row.run)
    return (await db.execute(query)).scalar_one_or_none()


async def runs(db: AsyncSession, poll_id: int) -> list[PollRunRow]:
    """All runs of a poll, the first first."""
    query = select(PollRunRow).where(PollRunRow.poll_id == poll_id).order_by(PollRunRow.number)
    return list((await db.execute(query)).scalars())


def poll_view(row: PollRow, run: PollRunRow | None = None, *, mine: Any = None, result: Any = None) -> dict[str, Any]:
    """A poll as pages get it (POLL), with its last run once there is one to show."""
    published_at = run.published_at if run and row.state == State.PUBLISHED else None
    return {
        "key": row.key,
        "position": row.position,
        "question": row.question,
        "kind": row.kind,
        "options": list(row.options),
        "max_choices": row.max_choices,
        "scale_from": row.scale_from,
        "scale_to": row.scale_to,
        "anonymous": row.anonymous,
        "revisable": row.revisable,
        "state": row.state,
        "run": row.run,
        "published_at": iso(published_at),
        "mine": mine,
        "result": result,
    }


def wire_choice(kind: str, kept: Sequence[Any] | None) -> Any:
    """A kept choice in the form in which it was sent."""
    if kept is None:
        return None
    return list(kept) if kind == Kind.MULTIPLE else kept[0]


async def polls_view(db: AsyncSession, session_id: int, person_id: int, *, moderates: bool) -> list[dict[str, Any]]:
    """The session's polls as one person may see them: drafts and unpublished results are the moderator's."""
    query = (
        select(PollRow, PollRunRow)
        .outerjoin(PollRunRow, (PollRunRow.poll_id == PollRow.id) & (PollRunRow.number == PollRow.run))
        .where(PollRow.session_id == session_id)
        .order_by(PollRow.position, PollRow.id)
    )
    found = [(row, run) for row, run in await db.execute(query) if moderates or row.state != State.DRAFT]
    mine = await _mine(db, person_id, [(row, run) for row, run in found if run])
    return [poll_view(row, run, mine=mine.get(row.id), result=_shown(row, run, moderates)) for row, run in found]


def _shown(row: PollRow, run: PollRunRow | None, moderates: bool) -> dict[str, Any] | None:
    if run is None or row.state == State.OPEN:
        return None
    return run.result if moderates or row.state == State.PUBLISHED else None


async def _mine(db: AsyncSession, person_id: int, found: list[tuple[PollRow, PollRunRow]]) -> dict[int, dict[str, Any]]:
    runs_of = {run.id: row for row, run in found}
    if not runs_of:
        return {}
    ballots = select(BallotRow).where(BallotRow.person_id == person_id, BallotRow.run_id.in_(runs_of))
    voted = select(VoterRow.run_id).where(VoterRow.person_id == person_id, VoterRow.run_id.in_(runs_of))
    mine: dict[int, dict[str, Any]] = {}
    for ballot in (await db.execute(ballots)).scalars():
        row = runs_of[ballot.run_id]
        mine[row.id] = {"voted": True, "choice": wire_choice(row.kind, ballot.choice)}
    for run_id in (await db.execute(voted)).scalars():
        mine[runs_of[run_id].id] = {"voted": True, "choice": None}
    return mine


@dataclass(frozen=True)
class Counted:
    """The votes of a run: how many people, and how often each value."""

    voted: int
    tally: Mapping[str, int]


async def counted(db: AsyncSession, row: PollRow, run: PollRunRow) -> Counted:
    """Count a run from its rows."""
    if row.anonymous:
        rows = await db.execute(
            select(AnonymousCountRow.value, AnonymousCountRow.count).where(AnonymousCountRow.run_id == run.id)
        )
        voters = select(func.count()).select_from(VoterRow).where(VoterRow.run_id == run.id)
        return Counted((await db.execute(voters)).scalar_one(), dict(rows.all()))
    choices = list((await db.execute(select(BallotRow.choice).where(BallotRow.run_id == run.id))).scalars())
    return Counted(len(choices), tally(choices))


async def live_result(db: AsyncSession, row: PollRow) -> dict[str, Any]:
    """What the poll's run amounts to right now (RESULT), from rows."""
    run = await current_run(db, row)
    votes = await counted(db, row, run) if run else Counted(0, {})
    return row.to_model().result(
        votes.tally,
        eligible=await eligible(db),
        present=await present_voters(db, row.session_id),
        voted=votes.voted,
    )


async def open_polls(db: AsyncSession, session_id: int) -> list[PollRow]:
    """The polls of a session in which people vote now."""
    query = select(PollRow).where(PollRow.session_id == session_id, PollRow.state == State.OPEN)
    return list((await db.execute(query)).scalars())
