"""Rows of the conference, its sessions, the stage and presence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from conference.people.tables import PersonRow
from conference.sessions.model import Part, Session, Speaker, State
from conference.store.base import Base


class ConferenceRow(Base):
    """The conference of this data directory: exactly one row."""

    __tablename__ = "conference"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(300))
    motto: Mapped[str] = mapped_column(String(300), default="")
    host: Mapped[str] = mapped_column(String(300), default="")
    venue: Mapped[str] = mapped_column(String(300), default="")
    timezone: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    date: Mapped[date]
    attendance_threshold: Mapped[int] = mapped_column(default=80)
    recordings: Mapped[list[Any]] = mapped_column(default=list)


class SessionRow(Base):
    """An agenda item. `sequence` rises with every change of its time (RFC 5545 §3.8.7.4)."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    position: Mapped[int]
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    record: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default=State.PLANNED.value)
    running_since: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    shifted: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # minutes that it begins later by now
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)

    parts: Mapped[list[PartRow]] = relationship(order_by="PartRow.position", cascade="all, delete-orphan", lazy="raise")
    moderators: Mapped[list[ModeratorRow]] = relationship(cascade="all, delete-orphan", lazy="raise")

    def to_model(self) -> Session:
        """Needs parts, speakers and moderators loaded."""
        return Session(
            self.id,
            self.key,
            self.kind,
            self.title,
            self.position,
            self.starts,
            self.ends,
            self.record,
            State(self.state),
            self.running_since,
            self.sequence,
            self.changed_at,
            self.extra,
            tuple(part.to_model() for part in self.parts),
            frozenset(moderator.person_id for moderator in self.moderators),
            self.shifted,
        )


class PartRow(Base):
    """A part of a session: a discussion, a talk, a film."""

    __tablename__ = "parts"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    format: Mapped[str] = mapped_column(String(20))

    speakers: Mapped[list[SpeakerRow]] = relationship(
        order_by="SpeakerRow.position", cascade="all, delete-orphan", lazy="raise"
    )

    def to_model(self) -> Part:
        return Part(self.key, self.title, self.format, tuple(speaker.to_model() for speaker in self.speakers))


class SpeakerRow(Base):
    """Somebody who speaks in a part, with the office of that occasion."""

    __tablename__ = "speakers"
    session_id: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]
    office: Mapped[str] = mapped_column(String(300), default="")
    place: Mapped[str] = mapped_column(String(10), default="remote")

    person: Mapped[PersonRow] = relationship(lazy="joined")

    __table_args__ = (
        ForeignKeyConstraint(["session_id", "part"], ["parts.session_id", "parts.key"], ondelete="CASCADE"),
    )

    def to_model(self) -> Speaker:
        return Speaker(self.person_id, self.person.name, self.office, self.place)


class ModeratorRow(Base):
    """Who moderates a session."""

    __tablename__ = "moderators"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)


class RunRow(Base):
    """A stretch of time in which a session was live; `ended` is null while it is."""

    __tablename__ = "session_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    began: Mapped[datetime]
    ended: Mapped[datetime | None]


class StageRow(Base):
    """A person's source backstage (`slot` null) or on stage. Two in one slot are impossible, and two with the word.

    `feed`: of a programme, which of its feeds is on air; `automatic`: it came there by itself.
    """

    __tablename__ = "stage"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(12), primary_key=True)
    slot: Mapped[int | None]
    audio: Mapped[bool] = mapped_column(default=True)
    video: Mapped[bool] = mapped_column(default=True)
    office: Mapped[str] = mapped_column(String(300), default="")
    entered: Mapped[int]  # rises: the order backstage
    speaks: Mapped[bool] = mapped_column(default=False, server_default=false())
    feed: Mapped[str] = mapped_column(String(8), default="main", server_default="main")
    automatic: Mapped[bool] = mapped_column(default=False, server_default=false())
    named: Mapped[bool] = mapped_column(default=False, server_default=false())  # the name stands on the picture
    going_on_at: Mapped[datetime | None]  # announced to come on stage then
    waits: Mapped[str] = mapped_column(String(10), default="", server_default="")  # why it did not: `model.Waits`

    person: Mapped[PersonRow] = relationship(lazy="joined")

    __table_args__ = (
        Index(
            "uq_stage_slot",
            "session_id",
            "slot",
            unique=True,
            sqlite_where=text("slot IS NOT NULL"),
            postgresql_where=text("slot IS NOT NULL"),
        ),
        Index(
            "uq_stage_speaks",
            "session_id",
            unique=True,
            sqlite_where=text("speaks"),
            postgresql_where=text("speaks"),
        ),
    )


class PresenceRow(Base):
    """An interval of presence: a joined visit, or a check-in in the hall.

    `last_seen` is carried forward while the visit lives; after a crash an open interval ends there. `room` is the room
    of working groups in which it is spent, or "".
    """

    __tablename__ = "presence"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    visit: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(8))  # online, hall
    room: Mapped[str] = mapped_column(String(64), default="", server_default="")
    began: Mapped[datetime]
    last_seen: Mapped[datetime]
    ended: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_presence_open",
            "session_id",
            "visit",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )
