"""Rows of the chat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from conference.store.base import Base


class ChatMessageRow(Base):
    """One message. Numbers rise by one within a session's room."""

    __tablename__ = "chat_messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    room: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("session_id", "room", "number", name="uq_chat_messages_number"),)


class ChatSettingsRow(Base):
    """Whether there is a chat in a session."""

    __tablename__ = "chat_settings"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    open: Mapped[bool] = mapped_column(default=True)


class ChatMuteRow(Base):
    """Somebody who may read a session's chat and not write in it."""

    __tablename__ = "chat_mutes"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
