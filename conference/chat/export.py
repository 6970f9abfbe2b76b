"""The chat as rows, by session and room. What was hidden is marked as that, and its words are left out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.chat.tables import ChatMessageRow
from conference.people.tables import PersonRow
from conference.sessions.tables import SessionRow
from conference.sheets.model import Column, Sheet

COLUMNS = (
    Column("Veranstaltung"),
    Column("Gruppe"),
    Column("Nr.", "int"),
    Column("Zeit", "datetime"),
    Column("Name"),
    Column("Organisation"),
    Column("Text"),
    Column("Ausgeblendet", "bool"),
)


async def payload(db: AsyncSession) -> list[dict[str, Any]]:
    """Every message, by session, room and number."""
    query = (
        select(ChatMessageRow, SessionRow, PersonRow)
        .join(SessionRow, SessionRow.id == ChatMessageRow.session_id)
        .join(PersonRow, PersonRow.id == ChatMessageRow.person_id)
        .order_by(SessionRow.position, ChatMessageRow.room, ChatMessageRow.number)
    )
    return [
        {
            "session": session.key,
            "title": session.title,
            "room": row.room or None,
            "room_title": _titles(session).get(row.room, row.room or None),
            "number": row.number,
            "at": row.at,
            "name": person.to_model().name,
            "organisation": person.organisation,
            "text": None if row.hidden else row.text,
            "hidden": row.hidden,
        }
        for row, session, person in await db.execute(query)
    ]


def _titles(session: SessionRow) -> dict[str, str]:
    return {room["key"]: room["title"] for room in session.extra.get("rooms", ())}


def sheet(messages: list[dict[str, Any]], name: str = "Chat") -> Sheet:
    """A row per message; this one is the CSV."""
    keys = ("title", "room_title", "number", "at", "name", "organisation", "text", "hidden")
    return Sheet(name, COLUMNS, [tuple(message[key] for key in keys) for message in messages])


def sheets(messages: list[dict[str, Any]]) -> list[Sheet]:
    """All messages, then a sheet per session and per room in which something was written."""
    places = dict.fromkeys((m["title"], m["room_title"]) for m in messages)
    return [
        sheet(messages),
        *(
            sheet([m for m in messages if (m["title"], m["room_title"]) == place], place[1] or place[0])
            for place in places
        ),
    ]
