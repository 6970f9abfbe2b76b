"""Polls: every rule of the ballot, without a database.

One person has one ballot in a run. A run is one opening of a poll; opening it again makes another run and keeps the
first. What is counted is a tally; what is frozen when a run closes is its result.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from conference.core.errors import BadRequest, ConferenceError
from conference.core.machine import Machine

Choice = int | str | list[int]
"""An option's index (single), a list of them (multiple), a value (scale), a text (words)."""

WORD_LENGTH = 40
OPTIONS = range(2, 21)
SCALE = range(12)


class Kind(StrEnum):
    """What is asked for."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"
    WORDS = "words"


class State(StrEnum):
    """Where a poll stands."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PUBLISHED = "published"


MOVES: Machine[State] = Machine(
    "poll",
    {
        State.DRAFT: frozenset({State.OPEN}),
        State.OPEN: frozenset({State.CLOSED}),
        State.CLOSED: frozenset({State.PUBLISHED, State.OPEN}),
        State.PUBLISHED: frozenset({State.CLOSED, State.OPEN}),
    },
)
"""All moves of a poll. *Open* from *closed* or *published* begins the next run; *published* to *closed* hides."""


@dataclass(frozen=True)
class Poll:
    """A question and how it is answered.

    Attributes:
        max_choices: for multiple: how many at most; None for all.
        scale_from, scale_to: for scale: first and last value, inclusive.
        anonymous: nothing joins person and choice; only that one has voted is kept.
        revisable: one may change one's mind while open (never when anonymous: there is nothing to find again).
        run: the number of the last run; 0 before the first.
    """

    key: str
    question: str
    kind: Kind
    options: tuple[str, ...] = ()
    max_choices: int | None = None
    scale_from: int | None = None
    scale_to: int | None = None
    anonymous: bool = False
    revisable: bool = False
    state: State = State.DRAFT
    run: int = 0

    def check(self) -> Poll:
        """The poll itself, or ConferenceError ``poll.invalid`` saying what is wrong with it."""
        problem = self._problem()
        if problem:
            raise ConferenceError("poll.invalid", problem)
        return self

    def _problem(self) -> str | None:
        if not self.question.strip() or len(self.question) > 500:
            return "Die Frage braucht 1 bis 500 Zeichen."
        if self.anonymous and self.revisable:
            return "Anonyme Stimmen lassen sich nicht ändern: Niemand weiß, welche es war."
        if self.max_choices is not None and self.kind is not Kind.MULTIPLE:
            return "Nur eine Mehrfachauswahl hat eine Höchstzahl."
        if (self.scale_from, self.scale_to) != (None, None) and self.kind is not Kind.SCALE:
            return "Nur eine Skala hat Anfang und Ende."
        if self.kind in (Kind.SINGLE, Kind.MULTIPLE):
            return self._option_problem()
        if self.options:
            return "Nur Auswahlfragen haben Antworten zur Wahl."
        if self.kind is Kind.SCALE:
            return self._scale_problem()
        return None

    def _option_problem(self) -> str | None:
        if len(self.options) not in OPTIONS:
            return "Es braucht 2 bis 20 Antworten."
        if any(not option.strip() or len(option) > 200 for option in self.options):
            return "Jede Antwort braucht 1 bis 200 Zeichen."
        if len({option.strip().casefold() for option in self.options}) < len(self.options):
            return "Zwei Antworten sind gleich."
        if self.max_choices is not None and not 1 <= self.max_choices <= len(self.options):
            return "So viele Antworten gibt es nicht."
        return None

    def _scale_problem(self) -> str | None:
        if self.scale_from is None or self.scale_to is None:
            return "Eine Skala braucht Anfang und Ende."
        if self.scale_from not in SCALE or self.scale_to not in SCALE or self.scale_from >= self.scale_to:
            return "Eine Skala beginnt bei 0 oder mehr und endet höchstens bei 11."
        return None

    def edited(self, other: Poll) -> Poll:
        """This draft with another's content; ``poll.not_draft`` once it has been opened."""
        if self.state is not State.DRAFT:
            raise ConferenceError("poll.not_draft", "Die Umfrage wurde schon geöffnet und bleibt, wie sie war.")
        return replace(other, key=self.key, state=self.state, run=self.run).check()

    def moved(self, to: State) -> Poll:
        """The poll in another state; opening counts the run up."""
        MOVES.check(self.state, to)
        return replace(self, state=to, run=self.run + (to is State.OPEN))

    def normalise(self, choice: Choice) -> list[Any]:
        """The choice as it is kept: always a list, in order, without doubles.

        Raises:
            ConferenceError: ``poll.choice`` when the poll does not offer it.
        """
        if self.kind is Kind.WORDS:
            return [_word(choice)]
        if self.kind is Kind.MULTIPLE:
            return self._several(choice)
        if isinstance(choice, bool) or not isinstance(choice, int) or choice not in self._values():
            raise ConferenceError("poll.choice", "Diese Antwort steht nicht zur Wahl.")
        return [choice]

    def _several(self, choice: Choice) -> list[int]:
        if not isinstance(choice, list) or len(choice) > len(self.options):
            raise BadRequest("Eine Liste von Antworten wird erwartet.", "poll.choice")
        chosen = sorted(set(choice))
        if not chosen or any(isinstance(c, bool) or c not in self._values() for c in chosen):
            raise ConferenceError("poll.choice", "Diese Antwort steht nicht zur Wahl.")
        if self.max_choices is not None and len(chosen) > self.max_choices:
            raise ConferenceError("poll.choice", f"Bitte höchstens {self.max_choices} Antworten wählen.")
        return chosen

    def _values(self) -> range:
        if self.kind is Kind.SCALE:
            return range(self.scale_from or 0, (self.scale_to or 0) + 1)
        return range(len(self.options))

    def cast(self, run: int, choice: Choice, earlier: Sequence[Any] | None) -> list[Any] | None:
        """Decide about a ballot: the choice to keep, or None when it is there already.

        Args:
            run: the run that the person saw.
            earlier: what the person chose in this run before; ``[]`` when anonymous and voted; None when not.

        Raises:
            ConferenceError: ``poll.closed``, ``poll.run``, ``poll.choice``, ``poll.voted``.
        """
        if self.state is not State.OPEN:
            raise ConferenceError("poll.closed", "Die Umfrage ist geschlossen.")
        if run != self.run:
            raise ConferenceError("poll.run", "Die Umfrage wurde neu begonnen. Bitte noch einmal abstimmen.")
        kept = self.normalise(choice)
        if earlier is None:
            return kept
        if self.anonymous or list(earlier) == kept:
            return None
        if not self.revisable:
            raise ConferenceError("poll.voted", "Ihre Stimme ist schon abgegeben.")
        return kept

    def result(self, tally: Mapping[str, int], *, eligible: int, present: int, voted: int) -> dict[str, Any]:
        """What a run amounts to, as pages get it (RESULT in docs/protocol.md).

        Args:
            tally: how often each kept value was chosen, by its text.
        """
        frame = {"run": self.run, "eligible": eligible, "present": present, "voted": voted}
        if self.kind is Kind.WORDS:
            words = sorted(tally.items(), key=lambda item: (-item[1], item[0].casefold()))
            return {**frame, "counts": None, "words": [[word, n] for word, n in words], "mean": None}
        values = self._values()
        counts = [tally.get(str(value), 0) for value in values]
        return {**frame, "counts": counts, "words": None, "mean": self._mean(values, counts)}

    def _mean(self, values: range, counts: list[int]) -> float | None:
        if self.kind is not Kind.SCALE or not sum(counts):
            return None
        return round(sum(v * n for v, n in zip(values, counts, strict=True)) / sum(counts), 2)


def tally(choices: Iterable[Sequence[Any]]) -> dict[str, int]:
    """How often each value was chosen over all ballots; words that differ in case alone count as one."""
    counted: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for choice in choices:
        for value in choice:
            text = str(value)
            counted[spelling.setdefault(text.casefold(), text)] += 1
    return dict(counted)


def _word(choice: Choice) -> str:
    if not isinstance(choice, str):
        raise BadRequest("Ein Text wird erwartet.", "poll.choice")
    text = unicodedata.normalize("NFC", " ".join(choice.split()))
    if not text or len(text) > WORD_LENGTH:
        raise ConferenceError("poll.choice", f"Bitte 1 bis {WORD_LENGTH} Zeichen.")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") for c in text):
        raise ConferenceError("poll.choice", "Bitte nur Buchstaben, Ziffern und Satzzeichen.")
    return text
