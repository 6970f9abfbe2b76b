"""Attendance is a union of intervals within the time that a session really ran."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.sessions.attendance import Interval, attendance, intersection, total, union
from tests.house import START


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def span(began: float, ended: float) -> Interval:
    return at(began), at(ended)


MINUTES = st.integers(0, 60)
INTERVALS = st.lists(st.builds(span, MINUTES, MINUTES), max_size=8)


def covered(intervals: list[Interval]) -> set[int]:
    """The whole minutes that intervals cover, counted one by one."""
    return {minute for began, ended in intervals for minute in range(60) if began <= at(minute) < ended}


@given(INTERVALS)
def test_a_union_covers_the_same_minutes_once(intervals: list[Interval]) -> None:
    merged = union(intervals)
    assert covered(merged) == covered(intervals)
    assert total(intervals) == timedelta(minutes=len(covered(intervals)))
    assert all(before[1] < after[0] for before, after in pairwise(merged))
    assert union(merged) == merged


@given(INTERVALS, INTERVALS)
def test_an_intersection_covers_what_both_cover(left: list[Interval], right: list[Interval]) -> None:
    assert covered(intersection(left, right)) == covered(left) & covered(right)
    assert intersection(left, right) == intersection(right, left)


@given(INTERVALS, INTERVALS)
def test_nobody_attends_longer_than_it_ran_or_than_they_were_there(
    visits: list[Interval], runs: list[Interval]
) -> None:
    found = attendance(visits, runs)
    assert found.present <= min(found.ran, total(visits))
    assert 0 <= found.percent <= 100
    assert (found.first is None) == (not found.present)
    assert found.attended(0) == bool(found.present)


@pytest.mark.parametrize(
    ("visits", "runs", "minutes", "percent"),
    [
        ([span(0, 60)], [span(0, 60)], 60.0, 100.0),
        ([span(0, 30), span(20, 45)], [span(0, 60)], 45.0, 75.0),
        ([span(-10, 20)], [span(0, 60)], 20.0, 33.3),
        ([span(0, 60)], [span(0, 20), span(40, 60)], 40.0, 100.0),
        ([span(25, 35)], [span(0, 20), span(40, 60)], 0.0, 0.0),
        ([span(0, 60)], [], 0.0, 0.0),
        ([], [span(0, 60)], 0.0, 0.0),
    ],
)
def test_some_attendances(visits: list[Interval], runs: list[Interval], minutes: float, percent: float) -> None:
    found = attendance(visits, runs)
    assert (found.minutes, found.percent) == (minutes, percent)


def test_the_threshold_is_reached_at_exactly_its_per_cent() -> None:
    assert attendance([span(0, 48)], [span(0, 60)]).attended(80)
    assert not attendance([span(0, 47.9)], [span(0, 60)]).attended(80)
