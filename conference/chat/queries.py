"""Reading the chat."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.chat.model import PLENARY, WINDOW
from conference.chat.tables import ChatMessageRow, ChatMuteRow, ChatSettingsRow
from conference.core.clock import iso
from conference.core.errors import NotFound
from conference.people.model import Person
from conference.people.tables import PersonRow


async def is_open(db: AsyncSession, session_id: int) -> bool:
    """Whether there is a chat in the session."""
    row = await db.get(ChatSettingsRow, session_id)
    return row.open if row else True


async def is_muted(db: AsyncSession, session_id: int, person_id: int) -> bool:
    """Whether somebody may not write."""
    return await db.get(ChatMuteRow, (session_id, person_id)) is not None


async def message(db: AsyncSession, session_id: int, key: str) -> tuple[ChatMessageRow, PersonRow]:
    """One message of a session, to be changed, and whose it is. Raises NotFound."""
    query = (
        select(ChatMessageRow, PersonRow)
        .join(PersonRow, PersonRow.id == ChatMessageRow.person_id)
        .where(ChatMessageRow.session_id == session_id, ChatMessageRow.key == key)
    )
    found = (await db.execute(query)).one_or_none()
    if found is None:
        raise NotFound("Diese Nachricht")
    row, person = found
    return row, person


async def last_number(db: AsyncSession, session_id: int, room: str) -> int:
    """The number of the newest message; 0 before the first."""
    query = select(func.max(ChatMessageRow.number))
    where = (ChatMessageRow.session_id == session_id, ChatMessageRow.room == room)
    return (await db.execute(query.where(*where))).scalar_one() or 0


def message_view(row: ChatMessageRow, person: PersonRow | Person) -> dict[str, Any]:
    """A message as pages get it."""
    who = person.to_model() if isinstance(person, PersonRow) else person
    return {
        "key": row.key,
        "number": row.number,
        "person": who.public_id,
        "name": who.name,
        "organisation": who.organisation,
        "text": row.text,
        "at": iso(row.at),
        "hidden": row.hidden,
    }


async def mutes(db: AsyncSession, session_id: int) -> list[dict[str, str]]:
    """Who may not write, by name."""
    query = (
        select(PersonRow)
        .join(ChatMuteRow, ChatMuteRow.person_id == PersonRow.id)
        .where(ChatMuteRow.session_id == session_id)
        .order_by(PersonRow.public_id)
    )
    rows = (await db.execute(query)).scalars()
    return [{"person": row.public_id, "name": row.to_model().name} for row in rows]


async def view(
    db: AsyncSession, session_id: int, person: Person, *, moderates: bool, room: str = PLENARY
) -> dict[str, Any]:
    """The chat of a session, or of a room, as a person sees it: the newest messages, hidden ones for moderators alone.

    Whether somebody may read a room's is not asked here.
    """
    said = await what_was_said(db, session_id, moderates=moderates, room=room)
    return {**said, **await allowed(db, session_id, person, moderates=moderates)}


async def what_was_said(db: AsyncSession, session_id: int, *, moderates: bool, room: str = PLENARY) -> dict[str, Any]:
    """Of `view` what is the same for all who moderate, or do not."""
    last = await last_number(db, session_id, room)
    query = (
        select(ChatMessageRow, PersonRow)
        .join(PersonRow, PersonRow.id == ChatMessageRow.person_id)
        .where(ChatMessageRow.session_id == session_id, ChatMessageRow.room == room)
        .where(ChatMessageRow.number > last - WINDOW)
        .order_by(ChatMessageRow.number)
    )
    if not moderates:
        query = query.where(~ChatMessageRow.hidden)
    return {
        "room": room or None,
        "open": await is_open(db, session_id),
        "last": last,
        "messages": [message_view(row, who) for row, who in await db.execute(query)],
    }


async def allowed(db: AsyncSession, session_id: int, person: Person, *, moderates: bool) -> dict[str, Any]:
    """Of `view` whether the person may write; who may not, for those who moderate."""
    return {
        "muted": await is_muted(db, session_id, person.id),
        "mutes": await mutes(db, session_id) if moderates else [],
    }
