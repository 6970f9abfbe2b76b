"""RTCP as aiortc reads and writes it, and as we do."""

from __future__ import annotations

import random

import pytest
from aiortc import rtp as aiortc_rtp

from conference.media import rtcp
from conference.media.rtp import Malformed


def test_what_we_write_others_read() -> None:
    block = rtcp.ReportBlock(7, 25, -3, 70000, 12, 0xAABBCCDD, 65536)
    data = rtcp.receiver_report(1, [block]) + rtcp.source_description(1, "conference")
    data += rtcp.nack(1, 7, [65535, 0, 3, 100]) + rtcp.picture_loss(1, 7) + rtcp.remb(1, 2_500_000, [7, 9])
    report, description, nack, pli, remb = aiortc_rtp.RtcpPacket.parse(data)
    assert report.reports[0] == aiortc_rtp.RtcpReceiverInfo(7, 25, -3, 70000, 12, 0xAABBCCDD, 65536)
    assert description.chunks[0].items == [(1, b"conference")]
    assert [seq & 0xFFFF for seq in nack.lost] == [65535, 0, 3, 100]
    assert (pli.fmt, pli.media_ssrc) == (1, 7)
    bitrate, ssrcs = aiortc_rtp.unpack_remb_fci(remb.fci)
    assert (bitrate, ssrcs) == (pytest.approx(2_500_000, rel=0.001), [7, 9])
    (sender,) = aiortc_rtp.RtcpPacket.parse(rtcp.sender_report(7, 1 << 40, 5, 6, 7))
    assert (sender.ssrc, sender.sender_info) == (7, aiortc_rtp.RtcpSenderInfo(1 << 40, 5, 6, 7))


def test_what_we_write_we_read() -> None:
    block = rtcp.ReportBlock(7, 25, -3, 70000, 12, 1, 2)
    data = rtcp.sender_report(9, 5, 6, 0, 0) + rtcp.receiver_report(1, [block]) + rtcp.nack(1, 7, [5, 6, 9])
    assert rtcp.read(data) == [rtcp.SenderReport(9, 5, 6), block, rtcp.Nack(7, (5, 6, 9))]
    (remb,) = rtcp.read(rtcp.remb(1, 1 << 22, [7]))
    assert remb == rtcp.Remb(1 << 22)
    fir = bytes([0x84, 206, 0, 4]) + bytes(8) + (7).to_bytes(4, "big") + bytes([1, 0, 0, 0])
    assert rtcp.read(fir + rtcp.picture_loss(1, 8)) == [rtcp.KeyFrameRequest(7), rtcp.KeyFrameRequest(8)]


def test_a_round_trip_is_measured_by_an_echo() -> None:
    sent = rtcp.ntp_time(1000.0)
    last = sent >> 16 & 0xFFFFFFFF
    echo = bytes([0x80, 207, 0, 5]) + (9).to_bytes(4, "big") + bytes([5, 0, 0, 3])
    echo += b"".join(value.to_bytes(4, "big") for value in (1, last, 65536 // 2))
    assert rtcp.read(echo) == [rtcp.Echo(last, 32768)]
    assert rtcp.round_trip(rtcp.ntp_time(1000.75), last, 32768) == pytest.approx(0.25, abs=0.001)
    assert rtcp.round_trip(rtcp.ntp_time(900.0), last, 0) is None
    assert rtcp.reference_time(1, sent)[:4] == bytes([0x80, 207, 0, 4])


def test_time_is_kept() -> None:
    assert rtcp.unix_time(rtcp.ntp_time(1_782_000_000.25)) == pytest.approx(1_782_000_000.25, abs=1e-5)


def test_garbage_is_malformed_and_nothing_worse() -> None:
    rng = random.Random(5)
    for _ in range(5000):
        kind = rng.choice([200, 201, 202, 203, 205, 206, 207, 207])
        data = bytes([0x80 | rng.randrange(32), kind, 0, rng.randrange(8)]) + rng.randbytes(rng.randrange(40))
        try:
            rtcp.read(data)
        except Malformed:
            continue
