"""What can happen to a session and on its stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class SessionMoved(Fact):
    """A session took another state. `running_since` is set while it is live. Stream: day."""

    name: ClassVar[str] = "session.moved"
    session: str
    state: str
    running_since: str | None


@dataclass(frozen=True)
class SessionShifted(Fact):
    """Sessions got other times: ``[{key, starts, ends}]``. Stream: day."""

    name: ClassVar[str] = "session.shifted"
    sessions: list[dict[str, str]]


@dataclass(frozen=True)
class AgendaReplaced(Fact):
    """The programme was imported again while pages were open: the whole agenda as the snapshot has it. Stream: day."""

    name: ClassVar[str] = "agenda.replaced"
    agenda: list[dict[str, Any]]


@dataclass(frozen=True)
class StageEntered(Fact):
    """Somebody came backstage with a source. Only the crew hears it."""

    name: ClassVar[str] = "stage.entered"
    person: str
    display_name: str
    office: str
    source: str
    audio: bool
    video: bool

    @property
    def audience(self) -> str:
        return audience.CREW_ONLY

    def body(self) -> dict[str, Any]:
        return _named(super().body())


@dataclass(frozen=True)
class StageLeft(Fact):
    """Somebody's source left, from backstage or from the stage."""

    name: ClassVar[str] = "stage.left"
    person: str
    source: str


@dataclass(frozen=True)
class StageBroughtOn(Fact):
    """A source is on stage, in a slot."""

    name: ClassVar[str] = "stage.brought_on"
    slot: int
    person: str
    display_name: str
    office: str
    source: str
    audio: bool
    video: bool

    def body(self) -> dict[str, Any]:
        return _named(super().body())


@dataclass(frozen=True)
class StageTakenOff(Fact):
    """A source went from the stage back to backstage."""

    name: ClassVar[str] = "stage.taken_off"
    person: str
    display_name: str
    office: str
    source: str
    audio: bool
    video: bool

    def body(self) -> dict[str, Any]:
        return _named(super().body())


@dataclass(frozen=True)
class StageTracksSet(Fact):
    """A source's sound or picture was switched on or off, by its owner or by a moderator."""

    name: ClassVar[str] = "stage.tracks_set"
    person: str
    source: str
    audio: bool
    video: bool


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """On the wire a person's name is called ``name``; in a fact that word is taken."""
    return {("name" if key == "display_name" else key): value for key, value in body.items()}
