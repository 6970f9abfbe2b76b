"""Polls as rows. Choices of single people are in no export; counts are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.polls import queries
from conference.polls.model import Kind
from conference.polls.tables import PollRow, PollRunRow
from conference.sessions.tables import SessionRow
from conference.sheets.model import Column, Sheet

KIND_NAMES = {
    "single": "Einfachauswahl",
    "multiple": "Mehrfachauswahl",
    "scale": "Skala",
    "words": "Wortwolke",
}


async def payload(db: AsyncSession) -> list[dict[str, Any]]:
    """Every poll with all its runs; a run that is still open with what it amounts to now."""
    query = (
        select(PollRow, SessionRow)
        .join(SessionRow, SessionRow.id == PollRow.session_id)
        .order_by(SessionRow.position, PollRow.position, PollRow.id)
    )
    return [await _poll(db, row, session) for row, session in await db.execute(query)]


async def _poll(db: AsyncSession, row: PollRow, session: SessionRow) -> dict[str, Any]:
    return {
        "session": session.key,
        "title": session.title,
        "key": row.key,
        "question": row.question,
        "kind": row.kind,
        "options": list(row.options),
        "scale_from": row.scale_from,
        "scale_to": row.scale_to,
        "anonymous": row.anonymous,
        "state": row.state,
        "runs": [await _run(db, row, run) for run in await queries.runs(db, row.id)],
    }


async def _run(db: AsyncSession, row: PollRow, run: PollRunRow) -> dict[str, Any]:
    result = run.result or await queries.live_result(db, row)
    return {
        **result,
        "opened_at": run.opened_at,
        "closed_at": run.closed_at,
        "published_at": run.published_at,
    }


COLUMNS = (
    Column("Veranstaltung"),
    Column("Frage"),
    Column("Art"),
    Column("Anonym", "bool"),
    Column("Durchgang", "int"),
    Column("Geöffnet", "datetime"),
    Column("Geschlossen", "datetime"),
    Column("Berechtigt", "int"),
    Column("Anwesend", "int"),
    Column("Abgestimmt", "int"),
    Column("Antwort"),
    Column("Stimmen", "int"),
    Column("Anteil in %", "percent"),
    Column("Mittelwert", "decimal"),
)


def sheet(polls: list[dict[str, Any]], name: str = "Umfragen") -> Sheet:
    """A row per poll, run and answer; this one is the CSV."""
    rows = [cells for poll in polls for run in poll["runs"] for cells in _cells(poll, run)]
    return Sheet(name, COLUMNS, rows)


def sheets(polls: list[dict[str, Any]]) -> list[Sheet]:
    """Übersicht with a row per run, then all answers, then one sheet per session that had polls."""
    titles = dict.fromkeys(poll["title"] for poll in polls if poll["runs"])
    per_session = [sheet([poll for poll in polls if poll["title"] == title], title) for title in titles]
    return [_overview(polls), sheet(polls), *per_session]


def _overview(polls: list[dict[str, Any]]) -> Sheet:
    columns = (*COLUMNS[:10], COLUMNS[13])
    rows: list[tuple[Any, ...]] = [(*_head(poll, run), run["mean"]) for poll in polls for run in poll["runs"]]
    return Sheet("Übersicht", columns, rows)


def _head(
    poll: dict[str, Any], run: dict[str, Any]
) -> tuple[str, str, str, bool, int, datetime, datetime, int, int, int]:
    return (
        poll["title"],
        poll["question"],
        KIND_NAMES[poll["kind"]],
        poll["anonymous"],
        run["run"],
        run["opened_at"],
        run["closed_at"],
        run["eligible"],
        run["present"],
        run["voted"],
    )


def _cells(poll: dict[str, Any], run: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for answer, votes in answers(poll, run):
        share = round(100 * votes / run["voted"], 1) if run["voted"] else 0.0
        yield (*_head(poll, run), answer, votes, share, run["mean"])


def answers(poll: dict[str, Any], run: dict[str, Any]) -> list[tuple[str, int]]:
    """Each answer in words with its votes."""
    if poll["kind"] == Kind.WORDS:
        return [(word, n) for word, n in run["words"]]
    if poll["kind"] == Kind.SCALE:
        labels = [str(value) for value in range(poll["scale_from"], poll["scale_to"] + 1)]
    else:
        labels = poll["options"]
    return list(zip(labels, run["counts"], strict=True))
