"""What can happen in the direction of the day. All in the day's stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class DirectionStepped(Fact):
    """A step: a cue (CUE of the protocol) was done, skipped or taken back, `more` with it; null: times were shifted."""

    name: ClassVar[str] = "direction.stepped"
    step: int
    by: str
    drift: int
    cue: dict[str, Any] | None
    more: list[dict[str, Any]]

    @property
    def audience(self) -> str:
        return audience.MODERATORS


@dataclass(frozen=True)
class DirectionListed(Fact):
    """The run of show was edited: all its cues."""

    name: ClassVar[str] = "direction.listed"
    cues: list[dict[str, Any]]

    @property
    def audience(self) -> str:
        return audience.MODERATORS


@dataclass(frozen=True)
class PartTaken(Fact):
    """The day went on to another part: ``{session, part, since, until}``, or none (null)."""

    name: ClassVar[str] = "show.part"
    part: dict[str, Any] | None


@dataclass(frozen=True)
class ScreenSet(Fact):
    """What the hall's screen shows in front."""

    name: ClassVar[str] = "show.screen"
    screen: str


@dataclass(frozen=True)
class MessageShown(Fact):
    """Words to everybody: ``{id, text, at}``; null: taken back."""

    name: ClassVar[str] = "show.message"
    message: dict[str, Any] | None
