"""Rows of working groups: the round, its rooms, wishes, places, messages, calls for help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from conference.breakouts.model import Phase, Room
from conference.people.tables import PersonRow
from conference.store.base import Base


class RoundRow(Base):
    """Where a session's working groups stand.

    Attributes:
        opens_at: when the rooms open, or opened last.
        ends_at: when they close; moved while they are open.
        closing: the end was called for by a press, not by the clock alone.
        swaps: whether people may exchange places until the start.
        choosing: whether they may choose a room themselves.
        boards: rooms in the order in which their boards are shown; those not named come behind.
    """

    __tablename__ = "breakouts"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    phase: Mapped[str] = mapped_column(String(12), default=Phase.PREPARING.value)
    opens_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    closing: Mapped[bool] = mapped_column(default=False)
    swaps: Mapped[bool] = mapped_column(default=True)
    choosing: Mapped[bool] = mapped_column(default=False)
    boards: Mapped[list[str]] = mapped_column(default=list)


class RoomRow(Base):
    """A room of a session's working groups."""

    __tablename__ = "breakout_rooms"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    capacity: Mapped[int]

    def to_model(self) -> Room:
        return Room(self.key, self.title, self.capacity)


class WishRow(Base):
    """What somebody wished for on *Mein Tag*: rooms, the dearest first. It replaces what the import brought."""

    __tablename__ = "breakout_wishes"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    rooms: Mapped[list[str]] = mapped_column(default=list)


class PlaceRow(Base):
    """Where somebody belongs. The primary key is the promise: nobody is in two rooms.

    Attributes:
        room: None for those who have none, and for staff who visit none.
        staff: moderates or organises: takes no seat, and goes from room to room.
        locked: stays when places are given out anew.
        staying: stays in the plenary this time.
        wanted: the room that this person would exchange for.
        late: came when places had been given out.
        hand: since when the hand is up.
        called: has the word: was called up by staff.
    """

    __tablename__ = "breakout_places"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    room: Mapped[str | None] = mapped_column(String(64))
    staff: Mapped[bool] = mapped_column(default=False)
    home: Mapped[str | None] = mapped_column(String(64))
    locked: Mapped[bool] = mapped_column(default=False)
    staying: Mapped[bool] = mapped_column(default=False)
    wanted: Mapped[str | None] = mapped_column(String(64))
    late: Mapped[bool] = mapped_column(default=False)
    audio: Mapped[bool] = mapped_column(default=False)
    video: Mapped[bool] = mapped_column(default=False)
    hand: Mapped[datetime | None]
    called: Mapped[bool] = mapped_column(default=False)

    person: Mapped[PersonRow] = relationship(lazy="joined")

    __table_args__ = (
        ForeignKeyConstraint(["session_id", "room"], ["breakout_rooms.session_id", "breakout_rooms.key"]),
        Index("ix_breakout_places_room", "session_id", "room"),
    )


class MessageRow(Base):
    """What the moderation told the rooms. `room` None: all."""

    __tablename__ = "breakout_messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    room: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(420))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class HelpRow(Base):
    """A room's call for help; one at a time. It waits until `done`."""

    __tablename__ = "breakout_help"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    room: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(String(420))
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(300), default="")
    done: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index(
            "uq_breakout_help_open",
            "session_id",
            "room",
            unique=True,
            sqlite_where=sql("NOT done"),
            postgresql_where=sql("NOT done"),
        ),
    )
