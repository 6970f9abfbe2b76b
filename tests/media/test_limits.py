"""Buckets, shares and paces, by a clock that is turned by hand."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conference.media import limits
from conference.media.engine import MediaRefused
from conference.media.limits import Intake, Repairs, TokenBucket, check_share


def test_a_bucket_gives_its_burst_at_once_and_its_rate_after_that() -> None:
    bucket = TokenBucket(10.0, 30.0, 0.0)
    assert sum(bucket.take(1, 0.0) for _ in range(100)) == 30
    assert sum(bucket.take(1, 1.0) for _ in range(100)) == 10
    assert sum(bucket.take(1, 1000.0) for _ in range(100)) == 30
    assert not bucket.take(1, 999.0)  # a clock that goes back fills nothing


def test_an_intake_counts_packets_and_bits() -> None:
    few_large, many_small = Intake(1000, 80_000, 0.0), Intake(100, 1e9, 0.0)
    for intake, size, most in ((few_large, 1000, 20), (many_small, 10, 200)):
        admitted = 0
        for _ in range(500):
            if intake.admits(0.0):
                intake.charge(size)
                admitted += 1
        assert (admitted, intake.refused) == (most, 500 - most)


def test_what_is_not_charged_is_not_used_up() -> None:
    intake = Intake(100, 1e6, 0.0)
    assert all(intake.admits(0.0) for _ in range(10_000))


def test_repairs_are_granted_as_far_as_they_go() -> None:
    repairs = Repairs(0.0)
    assert [repairs.grant(400, 0.0) for _ in range(4)] == [400, 400, 200, 0]
    assert repairs.grant(400, 0.1) == 100


@dataclass
class Held:
    owner: str
    half_open: bool


@pytest.mark.parametrize(
    ("half_open", "connected", "allowed"),
    [
        (0, 0, True),
        (limits.MAX_HALF_OPEN - 1, 0, True),
        (limits.MAX_HALF_OPEN, 0, False),
        (0, limits.MAX_PER_OWNER - 1, True),
        (0, limits.MAX_PER_OWNER, False),
        (1, limits.MAX_PER_OWNER - 1, False),
    ],
)
def test_the_share_of_one_person(half_open: int, connected: int, allowed: bool) -> None:
    held = [Held("anna", True)] * half_open + [Held("anna", False)] * connected + [Held("bernd", True)] * 500
    check_share("carla", held)
    if allowed:
        check_share("anna", held)
        return
    with pytest.raises(MediaRefused) as refused:
        check_share("anna", held)
    assert refused.value.code == limits.FULL
