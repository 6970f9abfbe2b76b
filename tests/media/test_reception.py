"""What is counted, asked for and estimated from incoming packets."""

from __future__ import annotations

from conference.media.bitrate import CEILING, FLOOR, BitrateEstimate, StandingQueue
from conference.media.reception import NACK_INTERVAL, NACK_TRIES, Reception
from conference.media.speaking import Speaking


def test_gaps_are_asked_for_until_they_are_filled() -> None:
    reception = Reception(90000, True)
    for seq in (65533, 65534, 2):
        reception.note(seq, 0.0)
    assert reception.due(0.0) == [65535, 0, 1]
    assert reception.due(NACK_INTERVAL / 2) == []
    reception.note(0, 0.05)
    assert reception.due(NACK_INTERVAL) == [65535, 1]
    assert (reception.expected, reception.received, reception.lost) == (6, 4, 2)


def test_what_never_comes_is_given_up() -> None:
    reception = Reception(90000, True)
    reception.note(1, 0.0)
    reception.note(3, 0.0)
    asked = [reception.due(i * NACK_INTERVAL * 1.01) for i in range(NACK_TRIES + 5)]
    assert asked.count([2]) == NACK_TRIES
    assert reception.missing == {}


def test_a_gap_too_large_is_not_asked_for() -> None:
    reception = Reception(90000, True)
    reception.note(1, 0.0)
    assert not reception.note(1000, 0.0)
    assert reception.due(0.0) == []


def test_a_jump_begins_anew() -> None:
    reception = Reception(90000, True)
    assert reception.note(1, 0.0)
    assert not reception.note(2, 0.0)
    assert reception.note(30000, 0.0)
    assert (reception.expected, reception.received, reception.restarts) == (1, 1, 1)


def test_the_fraction_is_that_of_the_last_interval() -> None:
    reception = Reception(90000, False)
    for seq in range(0, 100, 2):
        reception.note(seq, 0.0)
    assert reception.fraction() == 49 * 256 // 99
    for seq in range(100, 200):
        reception.note(seq, 0.0)
    assert reception.fraction() == 256 // 101
    assert reception.fraction() == 0


def test_jitter_follows_rfc_3550() -> None:
    reception = Reception(90000, False)
    for i in range(1000):
        reception.time(i * 3000, i / 30 + (0.01 if i % 2 else 0))
    assert 850 < reception.jitter < 910


def test_the_estimate_climbs_and_falls() -> None:
    estimate = BitrateEstimate()
    for _ in range(20):
        estimate.update(1_000_000, 0)
    assert estimate.target == CEILING
    estimate.update(1_000_000, 64)
    assert estimate.target == CEILING * 7 // 8
    estimate.update(1_000_000, 0, standing=0.5)
    assert estimate.target == 850_000
    for _ in range(50):
        estimate.update(0, 255)
    assert estimate.target == FLOOR


def test_a_standing_queue_is_noticed_whatever_the_clocks_say() -> None:
    queue = StandingQueue()
    for second in range(5):
        for i in range(30):
            now = second + i / 30
            queue.hear(int((now + 1000) * 262144) & 0xFFFFFF, now + 0.02 + (0.3 if second == 4 else 0) + i % 3 / 100)
        waited = queue.standing()
        assert abs(waited - (0.3 if second == 4 else 0)) < 0.001
    assert queue.standing() == 0


def test_speaking_begins_at_once_and_ends_after_a_moment() -> None:
    speaking, told = Speaking(), []
    for i in range(200):
        speaking.hear(25 if 50 <= i < 100 else 100, i / 50)
        if i % 12 == 0 and (change := speaking.change(i / 50)) is not None:
            told.append((i / 50, change))
    assert [state for _, state in told] == [True, False]
    assert told[0][0] - 1.0 < 0.6
    assert 0.5 < told[1][0] - 2.0 < 1.5
