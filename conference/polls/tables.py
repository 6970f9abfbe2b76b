"""Rows of polls, their runs and ballots."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from conference.polls.model import Kind, Poll, State
from conference.store.base import Base


class PollRow(Base):
    """A poll of a session, prepared or made on the spot."""

    __tablename__ = "polls"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    question: Mapped[str] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(10))
    options: Mapped[list[str]] = mapped_column(default=list)
    max_choices: Mapped[int | None]
    scale_from: Mapped[int | None]
    scale_to: Mapped[int | None]
    anonymous: Mapped[bool] = mapped_column(default=False)
    revisable: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default=State.DRAFT.value)
    run: Mapped[int] = mapped_column(default=0)
    prepared: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("session_id", "key", name="uq_polls_session_key"),
        Index(
            "uq_polls_one_open",
            "session_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    def to_model(self) -> Poll:
        return Poll(
            self.key,
            self.question,
            Kind(self.kind),
            tuple(self.options),
            self.max_choices,
            self.scale_from,
            self.scale_to,
            self.anonymous,
            self.revisable,
            State(self.state),
            self.run,
        )

    def take(self, poll: Poll) -> None:
        """Carry the model's content and state over into the row."""
        self.question, self.kind, self.options = poll.question, poll.kind.value, list(poll.options)
        self.max_choices, self.scale_from, self.scale_to = poll.max_choices, poll.scale_from, poll.scale_to
        self.anonymous, self.revisable = poll.anonymous, poll.revisable
        self.state, self.run = poll.state.value, poll.run


class PollRunRow(Base):
    """One opening of a poll, kept under its number; `result` is frozen when it closes."""

    __tablename__ = "poll_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id", ondelete="CASCADE"))
    number: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]

    __table_args__ = (UniqueConstraint("poll_id", "number", name="uq_poll_runs_poll_number"),)


class BallotRow(Base):
    """A person's ballot in a named run. The primary key is the promise: one person, one ballot."""

    __tablename__ = "ballots"
    run_id: Mapped[int] = mapped_column(ForeignKey("poll_runs.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    choice: Mapped[list[Any]]
    cast_at: Mapped[datetime]


class VoterRow(Base):
    """That a person has voted in an anonymous run, and nothing else: no time, no order (rows lie sorted by person)."""

    __tablename__ = "voters"
    run_id: Mapped[int] = mapped_column(ForeignKey("poll_runs.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class AnonymousCountRow(Base):
    """How often a value was chosen in an anonymous run: a number that goes up, no ballot that could be traced."""

    __tablename__ = "anonymous_counts"
    run_id: Mapped[int] = mapped_column(ForeignKey("poll_runs.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)

    __table_args__ = ({"sqlite_with_rowid": False},)
