"""What is noted while the day runs: times, refusals, what everybody did; and how it is summed up."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

DELAYS = (5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000)
"""Upper ends of the classes of delays, ms."""


def percentile(values: Sequence[float], percent: float) -> float:
    """The so-manieth percentile (nearest rank), 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else 0.0


@dataclass
class Delays:
    """Very many delays in few classes."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(DELAYS) + 1))
    worst: float = 0.0

    def add(self, seconds: float) -> None:
        """Note one."""
        self.counts[bisect_left(DELAYS, seconds * 1000)] += 1
        self.worst = max(self.worst, seconds)

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.counts)

    def within(self, percent: float) -> float:
        """Seconds within which so many per cent were: the upper end of a class."""
        wanted, seen = self.count * percent / 100, 0
        for at, count in enumerate(self.counts):
            seen += count
            if seen >= wanted and count:
                return DELAYS[at] / 1000 if at < len(DELAYS) else self.worst
        return 0.0


@dataclass
class Sample:
    """What processes used in a stretch of time.

    Attributes:
        part: what was going on.
        people, viewers: how many were there.
        server, media, own: cores used by the server, all media workers, and the rehearsal itself.
        packets: forwarded to viewers, a second.
    """

    part: str
    seconds: float
    people: int
    viewers: int
    server: float
    media: float
    own: float
    packets: float


@dataclass
class Notes:
    """Everything noted.

    Attributes:
        joined: seconds from asking for the personal link to being present; `moved`: from one page to the next.
        answers: seconds to the answer, by command.
        facts: seconds from a fact's instant on the server to a page; `delays`: a packet's way through the media plane.
        refused: ``(command, code, message)``; `broken`: other findings, in words.
        pictures: seconds from asking for a stage that is on, or from somebody's entry, to the first picture.
        lags: how late this process itself came to what it wanted to do.
        ballots: by ``(session, poll)``, of those that were accepted, by person.
        ratings, questions, typed: what was accepted: rating by person; keys; letters by room and field.
        present: who joined which session, by e-mail; `rooms`: who was let into which room.
        neighbours: for each viewer of a room how many others were to be seen there at least, and how many were.
        strayed: what came, or who was, where it does not belong.
        expected: by poll whose result was shown, who was there to hear it; `heard`: who heard it.
    """

    joined: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    answers: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    facts: Delays = field(default_factory=Delays)
    delays: Delays = field(default_factory=Delays)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    connected: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    lags: Delays = field(default_factory=Delays)
    samples: list[Sample] = field(default_factory=list)
    ballots: dict[tuple[str, str], dict[str, object]] = field(default_factory=lambda: defaultdict(dict))
    ratings: dict[str, int] = field(default_factory=dict)
    questions: set[str] = field(default_factory=set)
    typed: dict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    present: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rooms: dict[str, str] = field(default_factory=dict)
    expected: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    heard: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    neighbours: list[tuple[int, int]] = field(default_factory=list)
    strayed: Counter[str] = field(default_factory=Counter)
    memory: dict[str, int] = field(default_factory=dict)

    @property
    def commands(self) -> int:
        """Answered so far."""
        return sum(map(len, self.answers.values()))
