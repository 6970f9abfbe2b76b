"""Attendance as a union of intervals: over all devices and the hall, within the time the session really ran."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The intervals merged: sorted, disjoint, not touching; empty and reversed ones vanish."""
    merged: list[Interval] = []
    for began, ended in sorted(i for i in intervals if i[0] < i[1]):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((began, ended))
    return merged


def intersection(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """What both cover."""
    rights = union(right)
    return union((max(a, c), min(b, d)) for a, b in union(left) for c, d in rights)


def total(intervals: Iterable[Interval]) -> timedelta:
    """The time covered, each instant once."""
    return sum((ended - began for began, ended in union(intervals)), timedelta())


@dataclass(frozen=True)
class Attendance:
    """How long somebody attended one session.

    Attributes:
        present: time present while the session ran.
        ran: time the session really ran.
        first, last: first joining and last leaving within the running time; None when absent.
        connections: how many intervals were recorded.
    """

    present: timedelta
    ran: timedelta
    first: datetime | None
    last: datetime | None
    connections: int

    @property
    def minutes(self) -> float:
        """Minutes present, to a tenth."""
        return round(self.present.total_seconds() / 60, 1)

    @property
    def percent(self) -> float:
        """Per cent of the running time, to a tenth; 0 for a session that never ran."""
        return round(100 * self.present / self.ran, 1) if self.ran else 0.0

    def attended(self, threshold: int) -> bool:
        """Whether it counts: present at all, and at least `threshold` per cent."""
        return bool(self.present) and self.percent >= threshold


def attendance(visits: Iterable[Interval], runs: Iterable[Interval]) -> Attendance:
    """One person's attendance of one session from all intervals of presence and the times the session ran."""
    visits, runs = list(visits), list(runs)
    inside = intersection(visits, runs)
    first, last = (inside[0][0], inside[-1][1]) if inside else (None, None)
    return Attendance(total(inside), total(runs), first, last, len(visits))
