"""What can happen with films."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class FilmChanged(Fact):
    """A film is on stage, was paused, went on or was moved: FILM of the protocol; null: it is over."""

    name: ClassVar[str] = "film.changed"
    film: dict[str, Any] | None


@dataclass(frozen=True)
class FilmsFiled(Fact):
    """Which parts have a file, by the moderators' leave to start it: all of the session."""

    name: ClassVar[str] = "film.filed"
    films: list[dict[str, Any]]

    @property
    def audience(self) -> str:
        return audience.MODERATORS
