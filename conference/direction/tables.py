"""Rows of the run of show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from conference.direction.model import Cue, Kind, State
from conference.store.base import Base


class DirectionRow(Base):
    """Where the day stands: exactly one row, with `id` 1.

    `step` rises with every press and with what is done by hand; who presses names the step he saw, so that of two at
    once one counts. `drift`: how many seconds the day is late (negative: early) since the last cue with a time.
    """

    __tablename__ = "direction"
    id: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(default=0)
    by: Mapped[str | None] = mapped_column(String(24))  # public id of who pressed last
    by_name: Mapped[str] = mapped_column(String(420), default="")
    drift: Mapped[int] = mapped_column(default=0)
    part: Mapped[dict[str, Any] | None]  # {session, part, since, until}
    screen: Mapped[str] = mapped_column(String(10), default="auto")
    messages: Mapped[int] = mapped_column(default=0)
    message: Mapped[dict[str, Any] | None]  # {id, text, at}


class CueRow(Base):
    """A line of the run of show. `position` orders those not `removed`; `undo` is what taking it back needs."""

    __tablename__ = "cues"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    session: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(64), default="")
    text: Mapped[str] = mapped_column(String(1000), default="")
    minutes: Mapped[int | None]
    own: Mapped[bool] = mapped_column(default=False)
    removed: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[str] = mapped_column(String(8), default=State.WAITING.value, server_default=sql("'waiting'"))
    done_at: Mapped[datetime | None]
    done_by: Mapped[str] = mapped_column(String(420), default="")
    late: Mapped[int | None]
    undo: Mapped[dict[str, Any] | None]

    def to_model(self) -> Cue:
        return Cue(
            self.key, Kind(self.kind), self.session, self.target, self.text, self.minutes, self.own, State(self.state)
        )

    def take(self, cue: Cue, position: int) -> None:
        """Carry a waiting cue's content and place over into the row."""
        self.position, self.kind, self.session, self.target = position, cue.kind.value, cue.session, cue.target
        self.text, self.minutes, self.own = cue.text, cue.minutes, cue.own
