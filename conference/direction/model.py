"""The run of show: what a cue is, which cues a programme makes, in which order they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from conference.core.errors import ConferenceError, NotFound
from conference.sessions.model import Session
from conference.sessions.model import State as SessionState

CUES = 300
LONGEST_MINUTES = 480
RECALL = timedelta(seconds=60)
"""The groups are called so long before their end."""


class Kind(StrEnum):
    """What a cue does."""

    BACKSTAGE = "session.backstage"
    START = "session.start"
    END = "session.end"
    PART = "part"  # hand over: its speakers come on stage, those of other parts go
    BOARDS = "boards"  # hand over to the boards of the groups: the first rises on the stage
    FILM = "film"  # hand over to a film: it plays from its file, or the production plays it
    PROGRAMME = "stage.programme"  # the production's picture comes on stage
    POLL_OPEN = "poll.open"
    POLL_CLOSE = "poll.close"
    POLL_SHOW = "poll.show"  # closed if it is open, and its result shown
    PAUSE_START = "pause.start"
    PAUSE_END = "pause.end"
    GROUPS_START = "groups.start"
    GROUPS_RECALL = "groups.recall"
    SCREEN = "screen"  # what pages and the hall's screen show in front: `SCREENS`
    MESSAGE = "message"  # words to everybody


class State(StrEnum):
    """What became of a cue."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"


SCREENS = ("auto", "card", "camera", "poll", "turnout", "question", "board")
"""The hall's screens: what the session shows by itself; the card *gleich geht es weiter*; the stage alone; the poll
alone; the poll without its votes until it is closed; the pinned question alone; the board alone."""


@dataclass(frozen=True)
class Cue:
    """One line of the run of show.

    Attributes:
        target: key of the poll or part, or one of `SCREENS`.
        text: the message; of prepared cues the title of part or poll.
        minutes: how long a pause, the groups or a part are to take.
        own: made by a moderator, not by the programme.
    """

    key: str
    kind: Kind
    session: str
    target: str = ""
    text: str = ""
    minutes: int | None = None
    own: bool = False
    state: State = State.WAITING


Polls = Mapping[str, Sequence[tuple[str, str]]]
"""Key and question of the prepared polls, by session."""


def derive(agenda: Sequence[Session], polls: Polls) -> list[Cue]:
    """The cues of a programme, in order. A stage is opened before the session in front of it ends."""
    found: list[list[Cue]] = []
    for item in agenda:
        cues = _cues(item, polls.get(item.key, ()))
        if item.kind == "live" and found:
            before = found[-1]
            ends = [n for n, cue in enumerate(before) if cue.kind in (Kind.END, Kind.GROUPS_RECALL)]
            before.insert(ends[0] if ends else len(before), cues.pop(0))
        found.append(cues)
    return [cue for cues in found for cue in cues]


_HANDED = {"film": Kind.FILM, "boards": Kind.BOARDS}
"""How parts of these formats are handed over to."""


def _cues(item: Session, polls: Sequence[tuple[str, str]]) -> list[Cue]:
    def cue(kind: Kind, target: str = "", text: str = "") -> Cue:
        return Cue(":".join(filter(None, (item.key, kind.value, target))), kind, item.key, target, text)

    if item.kind in ("active_pause", "break"):
        return [cue(Kind.START)]  # it ends by the clock
    if item.kind == "breakouts":
        return [cue(Kind.GROUPS_START), cue(Kind.GROUPS_RECALL), cue(Kind.END)]
    first = [cue(Kind.BACKSTAGE)] if item.kind == "live" else []
    parts = [cue(_HANDED.get(part.format, Kind.PART), part.key, part.title) for part in item.parts]
    asked = [cue(kind, key, text) for key, text in polls for kind in (Kind.POLL_OPEN, Kind.POLL_SHOW)]
    return [*first, cue(Kind.START), *parts, *asked, cue(Kind.END)]


def merge(known: Sequence[Cue], fresh: Sequence[Cue], removed: Collection[str]) -> list[Cue]:
    """The run of show after the programme was read again.

    What was done stays, and so does what moderators added, moved or removed; new cues come behind the one that
    precedes them in the programme, never in front of one that is done.
    """
    wanted = {cue.key: cue for cue in fresh}
    sessions = {cue.session for cue in fresh}
    run = [
        replace(cue, text=wanted[cue.key].text) if cue.key in wanted and not cue.own else cue
        for cue in known
        if cue.state is not State.WAITING or cue.key in wanted or (cue.own and cue.session in sessions)
    ]
    previous: str | None = None
    for cue in fresh:
        keys = [other.key for other in run]
        if cue.key not in keys and cue.key not in removed:
            after = keys.index(previous) + 1 if previous in keys else 0
            run.insert(max(after, first_waiting(run)), cue)
        if cue.key not in removed:
            previous = cue.key
    return run


def first_waiting(run: Sequence[Cue]) -> int:
    """Where the next cue stands; the length when all are done."""
    return next((n for n, cue in enumerate(run) if cue.state is State.WAITING), len(run))


def find(run: Sequence[Cue], key: str) -> Cue:
    """A cue that still waits.

    Raises:
        NotFound: no such cue.
        ConferenceError: ``direction.past``.
    """
    for cue in run:
        if cue.key == key:
            if cue.state is not State.WAITING:
                raise ConferenceError("direction.past", "Dieser Schritt ist schon geschehen.")
            return cue
    raise NotFound("Diesen Schritt")


def put(run: Sequence[Cue], cue: Cue, before: str | None) -> list[Cue]:
    """The run with a cue in front of another that waits, or at the end. Raises as `find`."""
    rest = [other for other in run if other.key != cue.key]
    if before == cue.key:
        return list(run)
    at = len(rest) if before is None else rest.index(find(rest, before))
    return [*rest[:at], cue, *rest[at:]]


def planned(kind: Kind, item: Session) -> datetime | None:
    """When a cue is due by the agenda; None for those without a time. Mirrored in ``static/js/state/direction.js``."""
    if kind in (Kind.START, Kind.GROUPS_START):
        return item.starts
    if kind is Kind.END:
        return item.ends
    return item.ends - RECALL if kind is Kind.GROUPS_RECALL else None


def happened(kind: Kind, item: Session, now: datetime, *, moved: bool) -> datetime | None:
    """When a cue with a time became so without a press, as far as it is known; `moved`: its session moved just now."""
    if kind in (Kind.START, Kind.GROUPS_START):
        return item.running_since
    return now if moved and kind is Kind.END else None


def once_more(run: Sequence[Cue], at: int) -> bool:
    """Whether a cue stands behind the end of its session or groups: somebody put it there for what comes after."""
    cue = run[at]
    end = Kind.GROUPS_RECALL if cue.kind is Kind.GROUPS_START else Kind.END
    return any(other.kind is end and other.session == cue.session for other in run[:at])


def overtaken(run: Sequence[Cue], at: int, agenda: Sequence[Session]) -> State | None:
    """What becomes of a waiting cue that is not so when the day went past its session; None: it waits on.

    A later session goes past it when it has begun and its own start stands behind the cue: what somebody put in front
    is no reason to leave out what was to come after it. Words and screens behind a session that ends by the clock are
    for afterwards.
    """
    items = {item.key: item for item in agenda}
    cue, item = run[at], items[run[at].session]
    if item.state is SessionState.ENDED:
        ends_by_press = any(other.kind is Kind.END and other.session == cue.session for other in run)
        afterwards = once_more(run, at) or (cue.kind in (Kind.MESSAGE, Kind.SCREEN) and not ends_by_press)
        return None if afterwards else State.SKIPPED
    if item.state is SessionState.LIVE:
        return None
    begun = {
        other.key
        for other in agenda
        if other.position > item.position and other.state in (SessionState.LIVE, SessionState.ENDED)
    }
    in_front = {cue.session for cue in run[:at] if cue.kind in (Kind.START, Kind.GROUPS_START)}
    return State.SKIPPED if begun - in_front else None


def check(cue: Cue, item: Session, polls: Collection[str]) -> None:
    """A cue made by hand must make sense in its session. Raises ConferenceError ``direction.invalid``."""
    live, pause, groups = item.kind == "live", item.kind in ("active_pause", "break"), item.kind == "breakouts"
    fits = {
        Kind.BACKSTAGE: live,
        Kind.PART: cue.target in {part.key for part in item.parts},
        Kind.BOARDS: cue.target in {part.key for part in item.parts if part.format == "boards"},
        Kind.FILM: cue.target in {part.key for part in item.parts if part.format == "film"},
        Kind.PROGRAMME: live,
        Kind.POLL_OPEN: cue.target in polls,
        Kind.POLL_CLOSE: cue.target in polls,
        Kind.POLL_SHOW: cue.target in polls,
        Kind.PAUSE_START: live and cue.minutes is not None,
        Kind.PAUSE_END: live or pause,
        Kind.GROUPS_START: groups,
        Kind.GROUPS_RECALL: groups,
        Kind.SCREEN: cue.target in SCREENS,
        Kind.MESSAGE: bool(cue.text),
    }
    if not fits.get(cue.kind, True):
        raise ConferenceError("direction.invalid", "Dieser Schritt passt nicht zu dieser Veranstaltung.")
