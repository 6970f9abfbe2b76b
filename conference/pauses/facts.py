"""What can happen in a pause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class PauseStarted(Fact):
    """A pause began: PAUSE of the protocol. Where it stands, pages compute by the server's clock."""

    name: ClassVar[str] = "pause.started"
    pause: dict[str, Any]


@dataclass(frozen=True)
class PauseShifted(Fact):
    """A step was skipped or extended, or the pause is being wound up: the new shifts, in milliseconds for each step."""

    name: ClassVar[str] = "pause.shifted"
    run: int
    shifts: list[int]
    version: int


@dataclass(frozen=True)
class PauseEnded(Fact):
    """A pause is over, by the clock or by a moderator."""

    name: ClassVar[str] = "pause.ended"
    run: int


@dataclass(frozen=True)
class PauseReturned(Fact):
    """Somebody said to be back (or away again); told to that person's devices alone, the others hear a number."""

    name: ClassVar[str] = "pause.returned"
    run: int
    back: bool
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)
