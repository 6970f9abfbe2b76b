"""What can happen to boards. Their letters are no facts: they are stored as updates, and told to those in the room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class BoardMarked(Fact):
    """A room's traffic light changed. It says nothing of what is written, and everybody may know."""

    name: ClassVar[str] = "board.marked"
    room: str
    light: str


@dataclass(frozen=True)
class BoardShown(Fact):
    """The stage and the hall's screen show a board; null: none any more. Stream: the stage's session."""

    name: ClassVar[str] = "board.shown"
    board: dict[str, Any] | None


@dataclass(frozen=True)
class BoardsOrdered(Fact):
    """The order in which the boards of a session's groups are shown. Stream: the session in which it was decided."""

    name: ClassVar[str] = "boards.ordered"
    groups: str
    rooms: list[str]

    @property
    def audience(self) -> str:
        return audience.MODERATORS
