"""Packets in, packets out, looked at one by one: what a viewer is sent follows the RFCs."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from conference.media import rtcp, rtp
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.conftest import Heard
from tests.media.stage import AUDIO, CERTIFICATE, REPAIR, VIDEO, camera, screen, settled
from tests.media.synthetic import SyntheticPeer


def picture_id(payload: bytes) -> int:
    return (payload[2] & 0x7F) << 8 | payload[3]


async def test_a_stream_arrives_in_order_and_marked(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    for i in range(20):
        anna.frame(key=i == 0)
    packets = await bert.expect(bert.video[0], 20)
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(20))
    assert [p.timestamp - packets[0].timestamp & 0xFFFFFFFF for p in packets] == [3000 * i for i in range(20)]
    assert [picture_id(p.payload) - picture_id(packets[0].payload) & 0x7FFF for p in packets] == list(range(20))
    assert {p.payload_type for p in packets} == {synthetic.VP8}
    assert all(p.marker for p in packets)
    assert {p.extensions[synthetic.MID_ID] for p in packets} == {b"0"}
    assert all(len(p.extensions[synthetic.SEND_TIME_ID]) == 3 for p in packets)


async def test_packets_that_come_together_come_out_whole(engine: EmbeddedEngine) -> None:
    """Cutting by the kernel and padding must not change what is decoded."""
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    sizes = [1100, 1100, 1101, 1102, 1090, 300, 1100, 1100, 1100, 1100, 1100, 1100, 1100, 1100, 1100, 20]
    for i, size in enumerate(sizes):
        anna.frame(key=i == 0, size=size)
    packets = await bert.expect(bert.video[0], len(sizes))
    for packet, size in zip(packets, sizes, strict=True):
        padding = len(packet.payload) - size
        assert 0 <= padding <= 16
        assert packet.payload[6:size] == bytes(size - 6)
        assert padding == 0 or packet.payload[-1] == padding


async def test_video_begins_with_a_key_frame_and_the_publisher_is_asked(engine: EmbeddedEngine) -> None:
    anna = await camera(engine)
    await engine.switch("hall", [anna.feed])
    bert = await screen(engine)
    await anna.peer.until(lambda: rtcp.KeyFrameRequest(VIDEO) in anna.peer.rtcp)
    for _ in range(3):
        anna.frame()
    first = anna.frame(key=True)
    anna.frame()
    packets = await bert.expect(bert.video[0], 2)
    assert len(packets) == 2
    assert packets[0].payload[5] & 1 == 0
    assert first >= 0


async def test_requests_for_key_frames_are_bundled(engine: EmbeddedEngine) -> None:
    anna = await camera(engine)
    await engine.switch("hall", [anna.feed])
    screens = [await screen(engine, f"viewer-{i}") for i in range(5)]
    anna.frame(key=True)
    for one in screens:
        await one.expect(one.video[0], 1)
    await asyncio.sleep(1.1)
    anna.peer.rtcp.clear()
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        for one in screens:
            one.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.picture_loss(1, one.video[0]))
        await asyncio.sleep(0.05)
    requests = [m for m in anna.peer.rtcp if isinstance(m, rtcp.KeyFrameRequest)]
    assert 1 <= len(requests) <= 2


async def test_a_newcomer_gets_what_the_others_have(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    for i in range(10):
        anna.frame(key=i == 0)
    before = await bert.expect(bert.video[0], 10)
    carla = await screen(engine, "carla")
    anna.frame()
    assert [p.seq for p in await carla.expect(carla.video[0], 11)][:10] == [p.seq for p in before]


async def test_switching_continues_numbers(engine: EmbeddedEngine) -> None:
    anna, emil, bert = await camera(engine), await camera(engine, "emil"), await screen(engine)
    await engine.switch("hall", [anna.feed])
    for i in range(5):
        anna.frame(key=i == 0)
    before = await bert.expect(bert.video[0], 5)
    await engine.switch("hall", [emil.feed])
    emil.seq, emil.picture, emil.timestamp = 100, 50, 7
    emil.frame()
    anna.frame(key=True)
    emil.frame(key=True)
    emil.frame()
    packets = await bert.expect(bert.video[0], 7)
    assert [p.seq - before[-1].seq & 0xFFFF for p in packets[5:]] == [1, 2]
    assert [picture_id(p.payload) - picture_id(before[-1].payload) & 0x7FFF for p in packets[5:]] == [1, 2]
    assert 0 < (packets[5].timestamp - before[-1].timestamp & 0xFFFFFFFF) < 5 * 90000
    assert {p.ssrc for p in packets} == {bert.video[0]}


async def test_a_viewer_gets_lost_packets_again(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    for i in range(600):
        anna.frame(key=i == 0, size=60)
        if i % 50 == 0:
            await asyncio.sleep(0.005)
    packets = await bert.expect(bert.video[0], 600)
    wanted = [packets[i].seq for i in (20, 21, 37, 599)]
    bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], wanted))
    repairs = await bert.expect(bert.repair[0], 4)
    assert {p.payload_type for p in repairs} == {synthetic.RTX}
    assert [int.from_bytes(p.payload[:2], "big") for p in repairs] == wanted
    assert [p.payload[2:] for p in repairs] == [packets[i].payload for i in (20, 21, 37, 599)]
    assert [p.seq - repairs[0].seq & 0xFFFF for p in repairs] == [0, 1, 2, 3]
    assert (await settled(engine))["viewers"][bert.resource]["retransmitted"] == 4


async def test_without_rtx_nothing_is_sent_twice(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine, with_rtx=False)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    packets = [p for p in await _any(bert.peer, 1) if p.payload_type == synthetic.VP8]
    bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, packets[0].ssrc, [packets[0].seq]))
    await asyncio.sleep(0.2)
    assert len(bert.peer.rtp) == 1


async def _any(peer: SyntheticPeer, count: int) -> list[synthetic.Received]:
    await peer.until(lambda: len(peer.rtp) >= count)
    return peer.rtp


async def test_the_publisher_is_asked_for_lost_packets(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    payload, timestamp = synthetic.vp8_payload(False, anna.picture, 100), anna.timestamp
    lost = anna.frame(lose=True)
    anna.frame()
    await anna.peer.until(lambda: rtcp.Nack(VIDEO, (lost,)) in anna.peer.rtcp)
    anna.peer.send_rtp(REPAIR, synthetic.RTX, 1, timestamp, lost.to_bytes(2, "big") + payload, marker=True)
    packets = await bert.expect(bert.video[0], 3)
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == [0, 2, 1]
    assert packets[2].payload[6:] == payload[6:]
    video = (await settled(engine))["feeds"][anna.feed]["streams"][0]
    assert (video["packets"], video["lost"], video["recovered"]) == (3, 0, 1)


async def test_reports_in_both_directions(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    ntp = rtcp.ntp_time(time.time())
    for i in range(10):
        anna.frame(key=i == 0, lose=i in (3, 4))
    anna.peer.send_rtcp(rtcp.sender_report(VIDEO, ntp, anna.timestamp, 8, 800))
    await anna.peer.until(lambda: any(isinstance(m, rtcp.Remb) for m in anna.peer.rtcp))
    block = next(m for m in anna.peer.rtcp if isinstance(m, rtcp.ReportBlock) and m.ssrc == VIDEO)
    assert (block.lost, block.fraction) == (2, 2 * 256 // 10)
    assert block.highest & 0xFFFF == anna.seq - 1 & 0xFFFF
    assert block.last_sr == ntp >> 16 & 0xFFFFFFFF
    assert block.delay > 0
    await bert.peer.until(lambda: any(isinstance(m, rtcp.SenderReport) for m in bert.peer.rtcp))
    report = next(m for m in bert.peer.rtcp if isinstance(m, rtcp.SenderReport) and m.ssrc == bert.video[0])
    assert abs(rtcp.unix_time(report.ntp) - time.time()) < 2
    last = bert.got(bert.video[0])[-1]
    elapsed = rtcp.unix_time(report.ntp) - rtcp.unix_time(ntp)
    expected = last.timestamp + 3000 + elapsed * 90000
    assert abs((report.rtp - int(expected) + 0x80000000 & 0xFFFFFFFF) - 0x80000000) < 9000
    bert.peer.send_rtcp(
        rtcp.receiver_report(1, [rtcp.ReportBlock(bert.video[0], 64, 5, 9, 0, report.ntp >> 16 & 0xFFFFFFFF, 0)])
        + rtcp.remb(1, 700_000, [bert.video[0]])
    )
    viewer = (await settled(engine))["viewers"][bert.resource]
    assert (viewer["loss"], viewer["lost"]) == (0.25, 5)
    assert viewer["remb"] == pytest.approx(700_000, rel=0.01)
    assert viewer["rtt"] is not None


async def test_what_the_answer_does_not_allow_is_dropped(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine, audio=False), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    anna.peer.send_rtp(VIDEO, 99, anna.seq, 0, b"unknown payload type")
    anna.peer.send_rtp(4711, synthetic.VP8, 1, 0, synthetic.vp8_payload(True, 1, 50))
    anna.peer.send_rtp(AUDIO, synthetic.OPUS, 1, 0, b"audio that was not negotiated")
    for ssrc in range(5000, 5100):
        anna.peer.send_rtp(ssrc, synthetic.VP8, 1, 0, b"one of too many")
    feed = (await settled(engine))["feeds"][anna.feed]
    assert feed["refused"] == 103
    assert len(bert.peer.rtp) == 1
    anna.frame(lose=True)
    anna.frame()
    await bert.expect(bert.video[0], 2)


async def test_a_viewer_cannot_send(engine: EmbeddedEngine) -> None:
    anna, bert, carla = await camera(engine), await screen(engine), await screen(engine, "carla")
    await engine.switch("hall", [anna.feed])
    bert.peer.send_rtp(bert.video[0], synthetic.VP8, 1, 0, synthetic.vp8_payload(True, 1, 50))
    await asyncio.sleep(0.2)
    assert carla.peer.rtp == []


async def test_a_feed_that_ends_leaves_its_slot(engine: EmbeddedEngine, heard: Heard) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    first = (await bert.expect(bert.video[0], 1))[0]
    await anna.peer.close()
    await heard.wait("closed", anna.feed)
    again = await camera(engine)
    await engine.switch("hall", [again.feed])
    again.frame(key=True)
    packets = await bert.expect(bert.video[0], 2)
    assert packets[1].seq - first.seq & 0xFFFF == 1


async def test_numbers_that_jump_begin_anew(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    anna.seq = 20000
    anna.frame()
    anna.frame(key=True)
    packets = await bert.expect(bert.video[0], 2)
    assert packets[1].seq - packets[0].seq & 0xFFFF == 1


async def test_speakers_are_told(engine: EmbeddedEngine, heard: Heard) -> None:
    anna = await camera(engine)
    for i in range(60):
        anna.sound(i, level=20 if i < 30 else 127)
        await asyncio.sleep(0.02)
    async with asyncio.timeout(3):
        while len([e for e in heard.events if e.kind == "speaking"]) < 2:
            await asyncio.sleep(0.02)
    told = [e.detail for e in heard.events if e.kind == "speaking"]
    assert told == [{"speaking": True}, {"speaking": False}]


async def test_levels_reach_the_viewers(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.sound(1, level=33)
    (packet,) = await bert.expect(bert.audio[0], 1)
    assert packet.extensions[synthetic.LEVEL_ID] == bytes([33])
    assert packet.payload == b"sound1"
    assert rtp.AUDIO_LEVEL in bert.peer.answer
    assert CERTIFICATE.fingerprint not in bert.peer.answer


async def test_a_key_frame_of_a_moment_ago_will_do(engine: EmbeddedEngine) -> None:
    """Neither the first viewer nor a switch waits for a publisher who made a key frame just now."""
    anna, emil = await camera(engine), await camera(engine, "emil")
    await engine.switch("hall", [anna.feed])
    for i in range(5):
        anna.frame(key=i == 0)
        emil.frame(key=i == 0)
    bert = await screen(engine)
    first = await bert.expect(bert.video[0], 5)
    assert first[0].payload[5] & 1 == 0
    anna.frame()
    await bert.expect(bert.video[0], 6)
    await engine.switch("hall", [emil.feed])
    packets = await bert.expect(bert.video[0], 11)
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(11))
    steps = [b.timestamp - a.timestamp & 0xFFFFFFFF for a, b in pairwise(packets)]
    assert steps[:5] + steps[6:] == [3000] * 9
    assert 0 < steps[5] < 90000


async def test_what_came_while_muted_is_for_nobody(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    await engine.mute(anna.feed, audio=True, video=True)
    for i in range(5):
        anna.frame(key=i == 0)
        anna.sound(i)
    await settled(engine)
    await engine.mute(anna.feed, audio=False, video=False)
    carla = await screen(engine, "carla")
    anna.frame()
    await settled(engine)
    assert (bert.peer.rtp, carla.peer.rtp) == ([], [])
    bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], range(100)))
    anna.frame(key=True)
    assert len(await bert.expect(bert.video[0], 1)) == 1
    assert len(await carla.expect(carla.video[0], 1)) == 1
    sent = bert.got(bert.video[0])[0].seq
    bert.peer.send_rtcp(
        rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], [sent - i & 0xFFFF for i in range(6, 0, -1)])
    )
    await settled(engine)
    assert bert.got(bert.repair[0]) == []
