"""Rows of boards: each with its updates in the order they came, and what is shown on a stage."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from conference.breakouts.boards.model import Light
from conference.store.base import Base


class BoardRow(Base):
    """A room's board. It stays when an import takes the room away: what was written is not lost by that.

    Attributes:
        number: of its last update.
        compacted: number of the update that holds all before it.
    """

    __tablename__ = "boards"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    room: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    compacted: Mapped[int] = mapped_column(default=0)
    light: Mapped[str] = mapped_column(String(8), default=Light.OPEN.value)


class BoardUpdateRow(Base):
    """One update. The primary key is the promise: each has its place, and none takes another's."""

    __tablename__ = "board_updates"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    room: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ShownBoardRow(Base):
    """The board that a session's stage shows, as it was when it was shown."""

    __tablename__ = "shown_boards"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[dict[str, Any]]
