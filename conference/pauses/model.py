"""A pause: when it began, its steps, and what was shifted since. Where it stands is computed, here as on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from conference.core.clock import iso
from conference.core.errors import BadRequest, ConferenceError

HANDOVER = timedelta(seconds=30)
"""The last of every pause: *noch 30 s*."""
SHORTEST_REST = timedelta(seconds=60)
LONGEST = timedelta(hours=4)
LONGEST_MINUTES = 180
_MS = timedelta(milliseconds=1)

REST = "rest"
FIGURES: Mapping[str, tuple[str, ...]] = {
    "shoulders": ("schulter", "shoulder"),
    "look": ("ferne", "blick", "auge", "fenster", "eyes", "look"),
    "lean": ("seitneig", "seitlich", "seite", "neigen", "side"),
    "wrists": ("handgelenk", "hände", "finger", "wrist", "hand"),
    "breathe": ("atmen", "atem", "luft", "breath"),
    "neck": ("nacken", "kopf", "neck", "head"),
    "rise": ("aufstehen", "hinsetzen", "stand up", "sit down"),
    "march": ("marsch", "gehen", "laufen", "knie", "bein", "march", "walk", "knee"),
    "twist": ("drehen", "rotation", "wirbel", "rücken", "twist", "turn", "back"),
    "stretch": (),
}
"""What can be drawn, and words in titles that mean it; what is not recognised is stretching."""


class Kind(StrEnum):
    """What a pause is."""

    ACTIVE = "active"
    BREAK = "break"


@dataclass(frozen=True)
class Step:
    """One exercise, or the rest.

    Attributes:
        figure: one of `FIGURES`, or `REST`.
        texts: what to do, by variant (``sitting``, ``standing``).
    """

    title: str
    seconds: int
    figure: str
    texts: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """STEP of the protocol."""
        return {"title": self.title, "seconds": self.seconds, "figure": self.figure, "texts": dict(self.texts)}


@dataclass(frozen=True)
class Place:
    """Where a pause stands at an instant; all in milliseconds.

    Attributes:
        step: index of the step; the last one when it is over.
        into, left: how long the step has lasted, and has to go.
        left_in_all: until the end of the pause; 0 when it is over.
    """

    step: int
    into: int
    left: int
    left_in_all: int


@dataclass(frozen=True)
class Pause:
    """A pause that was started.

    Attributes:
        run: counts the pauses of a session from 1.
        shifts: by how many milliseconds each step lasts longer (or, below zero, shorter) than it was planned.
        version: rises with each change.
    """

    run: int
    kind: Kind
    started_at: datetime
    steps: tuple[Step, ...]
    shifts: tuple[int, ...]
    version: int = 1

    @property
    def lengths(self) -> list[int]:
        """How long each step lasts, in milliseconds."""
        return [step.seconds * 1000 + shift for step, shift in zip(self.steps, self.shifts, strict=True)]

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.started_at + sum(self.lengths) * _MS

    def at(self, now: datetime) -> Place:
        """Where it stands. Mirrored by ``pauseAt`` in ``static/js/state/pauses.js``."""
        passed = max(0, (now - self.started_at) // _MS)
        lengths = self.lengths
        left_in_all = max(0, sum(lengths) - passed)
        for step, length in enumerate(lengths):
            if passed < length:
                return Place(step, passed, length - passed, left_in_all)
            passed -= length
        return Place(len(lengths) - 1, lengths[-1], 0, 0)

    def over(self, now: datetime) -> bool:
        """Whether it has run its time."""
        return self.at(now).left_in_all == 0

    def skip(self, now: datetime) -> Pause:
        """End the present step, go on with the next.

        Raises:
            ConferenceError: ``pause.last_step``.
        """
        place = self.at(now)
        if all(length == 0 for length in self.lengths[place.step + 1 :]):
            raise ConferenceError("pause.last_step", "Das ist schon der letzte Schritt: bitte beenden.")
        return self._shifted({place.step: -place.left})

    def extend(self, now: datetime, seconds: int) -> Pause:
        """Let the present step last longer.

        Raises:
            ConferenceError: ``pause.too_long``, ``pause.over``.
        """
        place = self.at(now)
        if place.left_in_all == 0:
            raise ConferenceError("pause.over", "Die Pause ist schon vorbei.")
        if place.left_in_all + seconds * 1000 > LONGEST // _MS:
            raise ConferenceError("pause.too_long", "Eine Pause dauert höchstens vier Stunden.")
        return self._shifted({place.step: seconds * 1000})

    def wind_up(self, now: datetime) -> Pause:
        """Let it end in `HANDOVER`; one that ends sooner stays as it is."""
        place, rest = self.at(now), HANDOVER // _MS
        if place.left_in_all <= rest:
            return self
        later = {step: -length for step, length in enumerate(self.lengths) if step > place.step}
        return self._shifted({**later, place.step: rest - place.left})

    def follow(self, now: datetime, by: timedelta) -> Pause:
        """The agenda moved: the rest at the end follows, never to less than `HANDOVER` from now."""
        last = len(self.steps) - 1
        if self.steps[last].figure != REST or self.over(now):
            return self
        most = min(self.ends_at - (now + HANDOVER), self.lengths[last] * _MS)
        by = min(max(by, -max(most, timedelta())), LONGEST - self.at(now).left_in_all * _MS)
        return self._shifted({last: by // _MS}) if by else self

    def _shifted(self, by: Mapping[int, int]) -> Pause:
        shifts = tuple(shift + by.get(step, 0) for step, shift in enumerate(self.shifts))
        return replace(self, shifts=shifts, version=self.version + 1)

    def as_dict(self) -> dict[str, Any]:
        """PAUSE of the protocol, without what is one person's."""
        return {
            "run": self.run,
            "kind": self.kind.value,
            "started_at": iso(self.started_at),
            "steps": [step.as_dict() for step in self.steps],
            "shifts": list(self.shifts),
            "version": self.version,
        }


def figure_for(title: str) -> str:
    """The figure that a title speaks of."""
    text = title.lower()
    return next((figure for figure, words in FIGURES.items() if any(word in text for word in words)), "stretch")


def exercises(extra: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of an active pause in the programme."""
    variants = extra.get("variants", ())
    return tuple(
        Step(
            step["title"],
            step["seconds"],
            step.get("figure") or figure_for(step["title"]),
            {variant: step[variant] for variant in variants if step.get(variant)},
        )
        for step in extra.get("steps", ())
    )


def plan(
    steps: Sequence[Step], starts: datetime, ends: datetime, now: datetime, minutes: int | None
) -> tuple[Kind, tuple[Step, ...]]:
    """What is about to begin: the exercises, then rest until the day goes on; or a break of so many minutes.

    Begun early it lasts as long as planned, begun late it ends as planned, and the exercises always have their time.

    Raises:
        BadRequest: minutes out of range.
    """
    if minutes is not None:
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise BadRequest(f"Bitte 1 bis {LONGEST_MINUTES} Minuten wählen.")
        return Kind.BREAK, (rest(minutes * 60),)
    length = timedelta(seconds=sum(step.seconds for step in steps))
    spare = min(now + (ends - starts), ends) - now - length
    kind = Kind.ACTIVE if steps else Kind.BREAK
    if steps and spare < SHORTEST_REST:
        return kind, tuple(steps)
    return kind, (*steps, rest(max(SHORTEST_REST, min(spare, LONGEST)) // timedelta(seconds=1)))


def rest(seconds: int) -> Step:
    """Free time; its words are the page's."""
    return Step("", seconds, REST, {})
