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
    """Sessions got other times: ``[{key, starts, ends, shifted}]``. Stream: day."""

    name: ClassVar[str] = "session.shifted"
    sessions: list[dict[str, Any]]


@dataclass(frozen=True)
class AgendaReplaced(Fact):
    """The programme was imported again while pages were open: the whole agenda as the snapshot has it. Stream: day."""

    name: ClassVar[str] = "agenda.replaced"
    agenda: list[dict[str, Any]]


@dataclass(frozen=True)
class _OfSource(Fact):
    """A fact that carries a whole source, for those who hear of it for the first time."""

    person: str
    display_name: str
    office: str
    source: str
    audio: bool
    video: bool

    def body(self) -> dict[str, Any]:
        """On the wire the person's name is called ``name``; in a fact that word is taken."""
        return {("name" if key == "display_name" else key): value for key, value in super().body().items()}


@dataclass(frozen=True)
class StageEntered(_OfSource):
    """Somebody came backstage with a source. Only the crew hears it."""

    name: ClassVar[str] = "stage.entered"

    @property
    def audience(self) -> str:
        return audience.CREW_ONLY


@dataclass(frozen=True)
class StageLeft(Fact):
    """Somebody's source left, from backstage or from the stage."""

    name: ClassVar[str] = "stage.left"
    person: str
    source: str


@dataclass(frozen=True)
class StageBroughtOn(_OfSource):
    """A source is on stage, in a slot."""

    name: ClassVar[str] = "stage.brought_on"
    slot: int


@dataclass(frozen=True)
class StageTakenOff(_OfSource):
    """A source went from the stage back to backstage."""

    name: ClassVar[str] = "stage.taken_off"


@dataclass(frozen=True)
class StageTracksSet(Fact):
    """A source's sound or picture was switched on or off, by its owner or by a moderator."""

    name: ClassVar[str] = "stage.tracks_set"
    person: str
    source: str
    audio: bool
    video: bool


@dataclass(frozen=True)
class StageGoingOn(Fact):
    """Somebody backstage was told to be on stage at an instant; null: no longer, because of `waits`."""

    name: ClassVar[str] = "stage.going_on"
    person: str
    source: str
    going_on_at: str | None
    waits: str

    @property
    def audience(self) -> str:
        return audience.CREW_ONLY


@dataclass(frozen=True)
class StageNamed(Fact):
    """The name of somebody on stage stands on the picture until it is taken away, or no longer."""

    name: ClassVar[str] = "stage.named"
    person: str
    source: str
    named: bool


@dataclass(frozen=True)
class StageOnAir(Fact):
    """Another feed of somebody's programme is on air: by hand, or by itself (`automatic`). Only the crew hears it."""

    name: ClassVar[str] = "stage.on_air"
    person: str
    feed: str
    automatic: bool

    @property
    def audience(self) -> str:
        return audience.CREW_ONLY


@dataclass(frozen=True)
class SpeakerChanged(Fact):
    """Somebody on stage has the word, or nobody (both null). Said by the server, never by a command.

    The log keeps the last one of a session alone: those before it are emptied when the next is said.
    """

    name: ClassVar[str] = "speaker.changed"
    person: str | None
    source: str | None
