"""Timelines: whatever its source does, a slot's stream goes on without a seam."""

from __future__ import annotations

from itertools import pairwise

import pytest

from conference.media.rtp import Packet, seq_diff, vp8_descriptor
from conference.media.slots import Timeline
from tests.media.synthetic import vp8_payload


def packet(seq: int, timestamp: int, picture: int = 0, key: bool = False) -> Packet:
    payload = vp8_payload(key, picture & 0x7FFF, 20)
    descriptor = vp8_descriptor(payload)
    return Packet(seq & 0xFFFF, timestamp & 0xFFFFFFFF, True, False, payload, descriptor.key, None, descriptor)


def test_nothing_breaks_at_any_wrap() -> None:
    timeline = Timeline()
    timeline.begin(packet(65000, 0xFFFFFF00, 0x7F00, True), 90000, 0.0)
    placed = [timeline.place(packet(65000 + i, 0xFFFFFF00 + 90 * i, 0x7F00 + i), i / 100) for i in range(80_000)]
    assert all(one is not None for one in placed)
    kept = [one for one in placed if one is not None]
    assert {b[0] - a[0] & 0xFFFF for a, b in pairwise(kept)} == {1}
    assert {b[1] - a[1] & 0xFFFFFFFF for a, b in pairwise(kept)} == {90}
    pictures = [vp8_descriptor(payload).picture_id for _, _, payload in kept]
    assert {b - a & 0x7FFF for a, b in pairwise(pictures)} == {1}


def test_a_new_source_goes_on_where_the_old_one_ended() -> None:
    timeline = Timeline()
    timeline.begin(packet(10, 1000, 5, True), 90000, 1.0)
    last = timeline.place(packet(12, 7000, 7), 1.1)
    assert last is not None
    timeline.begin(packet(50000, 123456, 9000, True), 90000, 2.1)
    first = timeline.place(packet(50000, 123456, 9000, True), 2.1)
    assert first is not None
    assert first[0] - last[0] & 0xFFFF == 1
    assert first[1] - last[1] & 0xFFFFFFFF == 90000
    before, after = vp8_descriptor(last[2]), vp8_descriptor(first[2])
    assert after.picture_id - before.picture_id & 0x7FFF == 1
    assert after.tl0 - before.tl0 & 0xFF == 1


def test_what_came_before_the_beginning_is_left_out() -> None:
    timeline = Timeline()
    timeline.begin(packet(3, 0), 90000, 0.0)
    assert timeline.place(packet(2, 0), 0.0) is None
    assert timeline.place(packet(65530, 0), 0.0) is None
    assert timeline.place(packet(3, 0), 0.0) is not None


def test_gaps_and_late_packets_keep_their_places() -> None:
    timeline = Timeline()
    timeline.begin(packet(100, 0), 90000, 0.0)
    order = [100, 101, 104, 102, 105, 103]
    placed = [timeline.place(packet(seq, seq), 0.0) for seq in order]
    assert [one[0] - placed[0][0] & 0xFFFF for one in placed if one and placed[0]] == [0, 1, 4, 2, 5, 3]


def test_a_sent_number_leads_back_to_its_source() -> None:
    timeline = Timeline()
    timeline.begin(packet(65535, 0), 90000, 0.0)
    placed = timeline.place(packet(1, 0), 0.0)
    assert placed is not None
    assert timeline.source_seq(placed[0]) == 1
    assert timeline.source_seq(placed[0] - 3 & 0xFFFF) is None


def test_a_copy_goes_its_own_way() -> None:
    timeline = Timeline()
    timeline.begin(packet(1, 0), 90000, 0.0)
    copy = timeline.copy()
    timeline.place(packet(2, 0), 0.0)
    timeline.place(packet(3, 0), 0.0)
    copy.begin(packet(900, 0), 90000, 1.0)
    placed = copy.place(packet(900, 0), 1.0)
    assert placed is not None
    assert timeline.seq - placed[0] & 0xFFFF == 2 - 0


@pytest.mark.parametrize(("a", "b", "ahead"), [(1, 0, 1), (0, 65535, 1), (65535, 0, -1), (5, 5, 0), (32768, 0, -32768)])
def test_sequence_numbers_are_compared_in_a_circle(a: int, b: int, ahead: int) -> None:
    assert seq_diff(a, b) == ahead
