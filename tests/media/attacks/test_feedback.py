"""Nonsense within the keys: an authenticated peer may still be hostile."""

from __future__ import annotations

import asyncio
import random
import struct

import pytest

from conference.media import limits, rtcp
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.attacks.conftest import stage, still_flows, worker
from tests.media.stage import AUDIO, REPAIR, VIDEO, camera, screen, settled
from tests.work import calls_made


def packet(kind: int, count: int, body: bytes, words: int | None = None) -> bytes:
    """An RTCP packet that claims `words` 32-bit words, true or not."""
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4 if words is None else words) + body


def remb(mantissa: int, exponent: int, ssrcs: int = 1) -> bytes:
    """A REMB message, however absurd."""
    body = struct.pack("!II4sBBH", 1, 0, b"REMB", ssrcs, exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    return packet(rtcp.PSFB, rtcp.AFB, body + bytes(4))


LIES = {
    "31 blocks, none there": packet(rtcp.RR, 31, bytes(4)),
    "31 blocks, one there": packet(rtcp.SR, 31, bytes(24 + 24)),
    "31 that leave, none named": packet(rtcp.BYE, 31, b""),
    "31 descriptions, none there": packet(rtcp.SDES, 31, b""),
    "longer than the datagram": packet(rtcp.RR, 1, bytes(28), words=65535),
    "half a sender report": packet(rtcp.SR, 0, bytes(8)),
    "a nack without a source": packet(rtcp.RTPFB, rtcp.NACK, b""),
    "a picture loss without a source": packet(rtcp.PSFB, rtcp.PLI, bytes(4)),
    "a third of a full intra request": packet(rtcp.PSFB, rtcp.FIR, bytes(12)),
    "a bitrate without a number": packet(rtcp.PSFB, rtcp.AFB, bytes(8) + b"REMB"),
    "an extended report that goes on": packet(rtcp.XR, 0, bytes(4) + b"\x05\x00\xff\xff" + bytes(4)),
    "an extended report of nothing": packet(rtcp.XR, 0, bytes(4) + b"\x05\x00\x00\x00" * 300),
    "no bitrate": remb(0, 0),
    "two to the sixtieth": remb(1 << 17, 43),
    "the greatest there is": remb(0x3FFFF, 63, 255),
    "version 0": b"\x00\xc9\x00\x01" + bytes(4),
    "nothing at all": b"\x80\xc9\x00\x00",
    "a hundred empty packets": b"\x80\xc9\x00\x00" * 100,
}


@pytest.mark.parametrize("name", LIES)
async def test_lies_about_length_and_number_change_nothing(engine: EmbeddedEngine, name: str) -> None:
    anna, bert = await stage(engine)
    for data in (LIES[name], rtcp.receiver_report(1) + LIES[name], LIES[name] * 2):
        for peer in (anna.peer, bert.peer):
            peer.send_rtcp(data)
            peer.send_rtcp(data[: len(data) // 2])
    assert (await worker(engine))["peers"] == 2
    if "bitrate" not in name and "two to" not in name and "greatest" not in name:
        await still_flows(anna, bert)


@pytest.mark.parametrize("name", ["no bitrate", "two to the sixtieth", "the greatest there is"])
async def test_an_absurd_bitrate_is_its_tellers_loss_alone(engine: EmbeddedEngine, name: str) -> None:
    """Sound goes on even at nothing; others see what they saw; and he himself again when he tells a better one."""
    anna, bert = await stage(engine)
    carl = await screen(engine, "carl")
    for _ in range(20):
        bert.peer.send_rtcp(rtcp.receiver_report(1) + LIES[name])
        await asyncio.sleep(0.02)
    stats = await settled(engine)
    assert 0 <= stats["viewers"][bert.resource]["remb"] <= rtcp.MAX_BITRATE
    anna.frame(key=True)
    await still_flows(anna, carl)
    anna.sound(1)
    await bert.expect(bert.audio[0], 1)
    assert (await worker(engine))["peers"] == 3


async def test_random_reports_change_nothing(engine: EmbeddedEngine) -> None:
    anna, bert = await stage(engine)
    rng = random.Random(2)
    for _ in range(300):
        anna.peer.send_rtcp(bytes([0x80 | rng.randrange(32), rng.choice([200, 201, 205, 207])]) + rng.randbytes(26))
        bert.peer.send_rtcp(bytes([0x80 | rng.randrange(32), rng.choice([200, 201, 205, 207])]) + rng.randbytes(26))
        payload = rng.randbytes(rng.choice([0, 1, 2, 5, 30]))
        anna.peer.send_rtp(REPAIR, synthetic.RTX, rng.randrange(65536), 0, payload)
    assert (await worker(engine))["peers"] == 2
    anna.frame(key=True)
    await still_flows(anna, bert)


async def test_random_media_changes_nothing(engine: EmbeddedEngine) -> None:
    """Authentic packets whose inside makes no sense: payloads, header extensions, padding."""
    anna, bert = await stage(engine)
    assert anna.peer.srtp is not None
    rng = random.Random(3)
    for i in range(600):
        first = 0x80 | rng.randrange(64)
        ssrc = rng.choice([VIDEO, REPAIR, AUDIO])
        kind = {VIDEO: synthetic.VP8, REPAIR: synthetic.RTX, AUDIO: synthetic.OPUS}[ssrc]
        header = struct.pack("!BBHII", first, kind | rng.choice([0, 128]), 20_000 + i, i, ssrc)
        block = struct.pack("!HH", rng.choice([0xBEDE, 0x1000, 0]), rng.choice([0, 1, 3, 200, 65535]))
        anna.peer.send(anna.peer.srtp.seal(header + block + rng.randbytes(rng.choice([0, 1, 4, 40, 200]))))
    assert (await worker(engine))["peers"] == 2
    anna.seq = 30_000
    anna.frame(key=True)
    await bert.peer.until(lambda: bert.got(bert.video[0])[-1].payload[-100:] == bytes(100))


async def test_reports_about_what_is_not_theirs_concern_nobody(engine: EmbeddedEngine) -> None:
    """Losses, requests and good-byes for streams of others, and for streams that are not."""
    anna, bert = await stage(engine)
    carl = await camera(engine, "carl")
    before = (await settled(engine))["feeds"]
    for ssrc in (VIDEO, REPAIR, AUDIO, 0, 0xFFFFFFFF, bert.repair[0]):
        block = rtcp.ReportBlock(ssrc, 255, 0x7FFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 1, 1)
        bye = packet(rtcp.BYE, 1, struct.pack("!I", ssrc))
        for peer in (anna.peer, bert.peer, carl.peer):
            peer.send_rtcp(rtcp.receiver_report(1, [block]) + rtcp.picture_loss(1, ssrc) + bye)
            peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, ssrc, range(100)))
    stats = await settled(engine)
    assert {name: feed["connected"] for name, feed in stats["feeds"].items()} == dict.fromkeys(before, True)
    viewer = stats["viewers"][bert.resource]
    assert (viewer["retransmitted"], viewer["lost"]) == (0, 0)
    await still_flows(anna, bert)


@pytest.mark.parametrize("kind", ["picture loss", "full intra request"])
async def test_a_storm_of_requests_asks_the_publisher_once_a_second(engine: EmbeddedEngine, kind: str) -> None:
    anna, bert = await stage(engine)
    carl = await screen(engine, "carl")
    asked = len([m for m in anna.peer.rtcp if isinstance(m, rtcp.KeyFrameRequest)])
    began = asyncio.get_running_loop().time()
    for i in range(400):
        for viewer in (bert, carl):
            ssrc = viewer.video[0]
            fir = packet(
                rtcp.PSFB, rtcp.FIR, struct.pack("!II", 1, 0) + struct.pack("!II", ssrc, i << 24 & 0xFFFFFFFF) * 50
            )
            viewer.peer.send_rtcp(rtcp.receiver_report(1) + (rtcp.picture_loss(1, ssrc) if "loss" in kind else fir))
        await asyncio.sleep(0.005)
    await worker(engine)
    seconds = asyncio.get_running_loop().time() - began
    count = len([m for m in anna.peer.rtcp if isinstance(m, rtcp.KeyFrameRequest)]) - asked
    assert 1 <= count <= seconds + 1


async def test_nobody_can_ask_for_everything_again(engine: EmbeddedEngine) -> None:
    """The budget is one for all pictures of a viewer."""
    anna, bert = await camera(engine), await screen(engine, slots=2)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    (received,) = await bert.expect(bert.video[0], 1)
    began = asyncio.get_running_loop().time()
    for i in range(3000):
        bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], [received.seq] * 3))
        if i % 100 == 0:
            await asyncio.sleep(0.01)
    again = (await settled(engine))["viewers"][bert.resource]["retransmitted"]
    seconds = asyncio.get_running_loop().time() - began
    assert 0 < again <= limits.REPAIRS * (1 + seconds)


def test_what_a_nack_may_ask_for_is_little_work() -> None:
    """The largest that fits a datagram names 8,000 packets."""
    everything = packet(rtcp.RTPFB, rtcp.NACK, struct.pack("!II", 1, 2) + b"\x00\x00\xff\xff" * 480)
    (nack,) = rtcp.read(everything)
    assert isinstance(nack, rtcp.Nack)
    assert len(nack.lost) == rtcp.MAX_LOST
    assert calls_made(lambda: rtcp.read(everything)) < 2500
