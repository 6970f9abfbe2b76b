"""The exports, put together for downloads and the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from conference.breakouts.boards import export as boards
from conference.breakouts.boards.model import markdown
from conference.chat import export as chat
from conference.direction import log
from conference.feedback import export as feedback
from conference.polls import export as polls
from conference.questions import export as questions
from conference.sessions import export as attendance
from conference.sessions.queries import conference
from conference.sheets.jsonfile import write_json
from conference.sheets.model import Sheet
from conference.sheets.text import write_csv
from conference.sheets.workbook import write_xlsx

What = Literal["attendance", "feedback", "polls", "questions", "chat", "boards", "log"]
Format = Literal["csv", "xlsx", "json"]
WHATS: tuple[str, ...] = get_args(What)
FORMATS: tuple[str, ...] = get_args(Format)
TITLES = {
    "attendance": "Teilnahme",
    "feedback": "Rückmeldungen",
    "polls": "Umfragen",
    "questions": "Fragen",
    "chat": "Chat",
    "boards": "Tafeln",
    "log": "Protokoll",
}
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
}
TEXT = "md"
"""CommonMark: boards alone are texts."""


def forms(what: str) -> tuple[str, ...]:
    """The formats in which there is this export."""
    return (*FORMATS, TEXT) if what == "boards" else FORMATS


Made = tuple[Sheet, list[Sheet], Any]
"""The CSV's sheet, the workbook's sheets, the JSON payload."""


async def _attendance(db: AsyncSession, now: datetime) -> Made:
    report = await attendance.report(db, now)
    return attendance.attendance_sheet(report), attendance.sheets(report), attendance.payload(report)


async def _feedback(db: AsyncSession, _now: datetime) -> Made:
    entries = await feedback.payload(db)
    return feedback.sheet(entries), feedback.sheets(entries), entries


async def _polls(db: AsyncSession, _now: datetime) -> Made:
    entries = await polls.payload(db)
    return polls.sheet(entries), polls.sheets(entries), entries


async def _questions(db: AsyncSession, _now: datetime) -> Made:
    entries = await questions.payload(db)
    return questions.sheet(entries), questions.sheets(entries), entries


async def _chat(db: AsyncSession, _now: datetime) -> Made:
    entries = await chat.payload(db)
    return chat.sheet(entries), chat.sheets(entries), entries


async def _boards(db: AsyncSession, _now: datetime) -> Made:
    entries = await boards.payload(db)
    return boards.sheet(entries), boards.sheets(entries), entries


async def _text(db: AsyncSession, title: str) -> bytes:
    """The boards as a text, for the minutes."""
    written = [board for entry in await boards.payload(db) for board in entry["boards"]]
    return markdown(title, written).encode()


async def _log(db: AsyncSession, _now: datetime) -> Made:
    found = await log.entries(db)
    return log.sheet(found), [log.sheet(found)], log.payload(found)


_MAKERS: dict[str, Callable[[AsyncSession, datetime], Awaitable[Made]]] = {
    "attendance": _attendance,
    "feedback": _feedback,
    "polls": _polls,
    "questions": _questions,
    "chat": _chat,
    "boards": _boards,
    "log": _log,
}


async def export(db: AsyncSession, what: str, form: str, now: datetime) -> bytes:
    """One export as a file's bytes.

    Args:
        what: one of `WHATS`.
        form: one of `forms`.
    """
    row = await conference(db)
    if form == TEXT:
        return await _text(db, f"{TITLES[what]} · {row.title}")
    timezone = ZoneInfo(row.timezone)
    sheet, sheets, payload = await _MAKERS[what](db, now)
    if form == "csv":
        return write_csv(sheet, timezone)
    if form == "xlsx":
        return write_xlsx(sheets, timezone, f"{TITLES[what]} · {row.title}")
    return write_json(payload, timezone)
