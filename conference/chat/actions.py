"""Verbs on the chat."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.chat import queries
from conference.chat.facts import ChatHidden, ChatKept, ChatMuted, ChatMutes, ChatSaid, ChatSet
from conference.chat.model import PLENARY, checked
from conference.chat.tables import ChatMessageRow, ChatMuteRow, ChatSettingsRow
from conference.core.errors import ConferenceError, NotFound
from conference.people.model import Person
from conference.people.tables import PersonRow
from conference.sessions import queries as sessions
from conference.sessions.model import State
from conference.sessions.tables import SessionRow
from conference.store import facts_log
from conference.store.facts_log import upsert
from conference.store.unit import Unit


async def say(unit: Unit, key: str, person: Person, message: str, text: str, room: str = PLENARY) -> None:
    """Write a message under a key that the page made up; the same key again changes nothing.

    Whether somebody may write in a room is not asked here.

    Raises:
        ConferenceError: ``chat.text``, ``chat.closed``, ``chat.muted``.
    """
    session = await sessions.row(unit.db, key)
    text = checked(text)
    found = (await unit.db.execute(select(ChatMessageRow).where(ChatMessageRow.key == message))).scalar_one_or_none()
    if found is not None:
        if (found.session_id, found.person_id, found.room) != (session.id, person.id, room):
            raise NotFound("Diese Nachricht")
        return
    await _check(unit.db, session, person)
    number = 1 + await queries.last_number(unit.db, session.id, room)
    row = ChatMessageRow(
        session_id=session.id,
        room=room,
        number=number,
        key=message,
        person_id=person.id,
        text=text,
        at=unit.now,
        hidden=False,
    )
    unit.db.add(row)
    await unit.db.flush()
    await unit.tell(key, ChatSaid(room or None, queries.message_view(row, person), number))


async def may_write(db: AsyncSession, key: str, person: Person) -> None:
    """Raise ConferenceError ``chat.closed`` or ``chat.muted`` unless the person may write now."""
    await _check(db, await sessions.row(db, key), person)


async def _check(db: AsyncSession, session: SessionRow, person: Person) -> None:
    if session.state == State.ENDED or not await queries.is_open(db, session.id):
        raise ConferenceError("chat.closed", "Der Chat ist gerade geschlossen.")
    if await queries.is_muted(db, session.id, person.id):
        raise ConferenceError("chat.muted", "Sie können hier zurzeit nicht schreiben. Lesen können Sie weiter.")


async def hide(unit: Unit, key: str, message: str, *, hidden: bool) -> None:
    """Hide a message from everybody but the moderators, or show it again. Raises NotFound."""
    session = await sessions.row(unit.db, key)
    row, person = await queries.message(unit.db, session.id, message)
    if row.hidden == hidden:
        return
    row.hidden = hidden
    view, room = queries.message_view(row, person), row.room or None
    empty = {ChatSaid.name: ChatSaid(room, None, row.number).body(), ChatKept.name: ChatKept(room, None).body()}
    for name, body in empty.items():
        await facts_log.redact(unit.db, key, name, ("message", "key"), message, body)
    if hidden:
        await unit.tell(key, ChatHidden(room, message), ChatKept(room, view))
    else:
        await unit.tell(key, ChatSaid(room, view, row.number))


async def mute(unit: Unit, key: str, person: str, *, muted: bool) -> None:
    """Let somebody read and not write, or write again. Raises NotFound."""
    session = await sessions.row(unit.db, key)
    row = (await unit.db.execute(select(PersonRow).where(PersonRow.public_id == person))).scalar_one_or_none()
    if row is None:
        raise NotFound("Diese Person")
    mine = {"session_id": session.id, "person_id": row.id}
    if muted:
        change = upsert(unit.db)(ChatMuteRow).values(mine).on_conflict_do_nothing()
    else:
        change = delete(ChatMuteRow).filter_by(**mine)
    if (await unit.db.execute(change.returning(ChatMuteRow.person_id))).first():
        await unit.tell(key, ChatMuted(muted, person), ChatMutes(await queries.mutes(unit.db, session.id)))


async def set_up(unit: Unit, key: str, *, open: bool) -> None:
    """Switch the session's chat on or off."""
    session = await sessions.row(unit.db, key)
    if await queries.is_open(unit.db, session.id) == open:
        return
    kept = await unit.db.get(ChatSettingsRow, session.id)
    if kept is None:
        kept = ChatSettingsRow(session_id=session.id)
        unit.db.add(kept)
    kept.open = open
    await unit.tell(key, ChatSet(open))
