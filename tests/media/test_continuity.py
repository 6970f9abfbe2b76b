"""Continuity: whatever its source does, what is sent goes on without a seam."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.media.continuity import ZERO, Offset, Offsets, Places, Position
from conference.media.rtp import HEADER, Packet, seq_diff, vp8_descriptor
from tests.media.synthetic import vp8_payload

OFFSETS = st.builds(
    Offset, st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0x7FFF), st.integers(0, 0xFF)
)


def packet(seq: int, timestamp: int, picture: int = 0, key: bool = False) -> Packet:
    payload = vp8_payload(key, picture & 0x7FFF, 20)
    descriptor = vp8_descriptor(payload)
    return Packet(seq & 0xFFFF, timestamp & 0xFFFFFFFF, True, False, payload, descriptor.key, None, descriptor)


def position(placed: tuple[int, int, bytes]) -> Position:
    descriptor = vp8_descriptor(placed[2])
    return Position(placed[0], placed[1], descriptor.picture_id, descriptor.tl0, 1.0)


@given(OFFSETS, st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0x7FFF))
def test_a_new_source_goes_on_where_the_old_one_ended(offset: Offset, seq: int, timestamp: int, picture: int) -> None:
    before = position(offset.place(packet(12, 7000, 7)))
    begins = packet(seq, timestamp, picture, key=True)
    after = Offset.after(before, begins, before.timestamp + 3000 & 0xFFFFFFFF)
    first = position(after.place(begins))
    assert first.seq - before.seq & 0xFFFF == 1
    assert first.timestamp - before.timestamp & 0xFFFFFFFF == 3000
    assert first.picture_id - before.picture_id & 0x7FFF == 1
    assert first.tl0 - before.tl0 & 0xFF == 1


@given(OFFSETS)
def test_nothing_breaks_at_any_wrap(offset: Offset) -> None:
    source = [packet(65530 + i, 0xFFFFFF00 + 90 * i, 0x7FFC + i) for i in range(12)]
    placed = [position(offset.place(one)) for one in source]
    assert [p.seq - placed[0].seq & 0xFFFF for p in placed] == list(range(12))
    assert [p.timestamp - placed[0].timestamp & 0xFFFFFFFF for p in placed] == [90 * i for i in range(12)]
    assert [p.picture_id - placed[0].picture_id & 0x7FFF for p in placed] == list(range(12))
    assert [p.tl0 - placed[0].tl0 & 0xFF for p in placed] == list(range(12))


def test_a_source_position_is_known_as_the_receiver_has_it() -> None:
    one = packet(900, 5000, 77, key=True)
    offset = Offset(70, 80, 90, 100)
    assert vp8_descriptor(one.payload).tl0 == 77
    assert offset.position(Position(900, 5000, 77, 77, 2.5)) == position(offset.place(one))._replace(at=2.5)


@given(st.lists(OFFSETS, min_size=1, max_size=5), st.integers(1, 4), st.booleans())
def test_copies_are_renumbered_as_each_receiver_would_have_had_it(
    offsets: list[Offset], pieces: int, same_place: bool
) -> None:
    source = [packet(65534 + i, 0xFFFFFFF0 + i, 0x7FFE + i) for i in range(pieces)]
    headers = [12 if same_place else 12 + 8 * (i % 2) for i in range(pieces)]
    copies = np.zeros((len(offsets), pieces, 64), np.uint8)
    places = []
    for i, (one, header) in enumerate(zip(source, headers, strict=True)):
        seq, timestamp, payload = ZERO.place(one)
        rendered = HEADER.pack(0x80, 96, seq, timestamp, 1) + bytes(header - 12) + payload
        copies[:, i, : len(rendered)] = np.frombuffer(rendered, np.uint8)
        assert one.vp8 is not None
        places.append(Places(header + one.vp8.picture_id_at, header + one.vp8.tl0_at))
    Offsets(offsets).add(copies, places)
    for offset, row in zip(offsets, copies, strict=True):
        for one, header, got in zip(source, headers, row, strict=True):
            data = got.tobytes()
            _, _, seq, timestamp, ssrc = HEADER.unpack_from(data)
            wanted = offset.place(one)
            assert (seq, timestamp, ssrc) == (*wanted[:2], 1)
            assert data[header : header + len(wanted[2])] == wanted[2]


def test_beginnings_are_far_from_wrapping() -> None:
    random.seed(1)
    for _ in range(200):
        fresh = Position.fresh()
        assert 0 <= fresh.seq < 0x4000
        assert fresh.at == 0


@pytest.mark.parametrize(("a", "b", "ahead"), [(1, 0, 1), (0, 65535, 1), (65535, 0, -1), (5, 5, 0), (32768, 0, -32768)])
def test_sequence_numbers_are_compared_in_a_circle(a: int, b: int, ahead: int) -> None:
    assert seq_diff(a, b) == ahead
