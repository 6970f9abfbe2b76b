"""Boards as rows and as a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conference.breakouts.boards import queries
from conference.breakouts.boards.model import lines
from conference.sessions import queries as sessions
from conference.sheets.model import Column, Sheet

LIGHTS = {"open": "offen", "working": "in Arbeit", "done": "fertig"}
COLUMNS = (
    Column("Veranstaltung"),
    Column("Gruppe"),
    Column("Stand"),
    Column("Feld"),
    Column("Nr.", "int"),
    Column("Text"),
)


async def payload(db: AsyncSession) -> list[dict[str, Any]]:
    """Every board of the day with its fields."""
    return [
        {"session": session.key, "title": session.title, "boards": await queries.written(db, session)}
        for session in await sessions.agenda(db)
        if session.kind == "breakouts"
    ]


def sheet(entries: list[dict[str, Any]], name: str = "Tafeln") -> Sheet:
    """A row per line that was written; this one is the CSV."""
    return Sheet(name, COLUMNS, [row for entry in entries for board in entry["boards"] for row in _rows(entry, board)])


def sheets(entries: list[dict[str, Any]]) -> list[Sheet]:
    """All lines, then a sheet per room."""
    rooms = [
        Sheet(board["title"], COLUMNS, list(_rows(entry, board))) for entry in entries for board in entry["boards"]
    ]
    return [sheet(entries), *rooms]


def _rows(entry: dict[str, Any], board: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for field in board["fields"]:
        for number, line in enumerate(lines(field["text"]), 1):
            yield entry["title"], board["title"], LIGHTS[board["light"]], field["name"], number, line
