"""Simulcast: each viewer gets one layer, changes it at key frames, and never sees a seam."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from conference.media import rtcp
from conference.media.embedded import EmbeddedEngine
from conference.media.rtp import vp8_descriptor
from tests.media import synthetic
from tests.media.layered import LayeredCamera, layer_of, layered_camera
from tests.media.stage import CERTIFICATE, Screen, screen, settled
from tests.media.synthetic import Received


async def play(camera: LayeredCamera, until: Callable[[], bool], key: str = "", only: str = "") -> None:
    """Send frames, with key frames on the layers that were asked for and on those in `key`, until something holds."""
    before = {rid: camera.asked(rid) for rid in camera.layers}
    async with asyncio.timeout(10):
        while not until():
            asked = {rid: camera.asked(rid) for rid in camera.layers}
            camera.frame(key + "".join(rid for rid in asked if asked[rid] > before[rid]), only)
            before, key = asked, ""
            await asyncio.sleep(0.02)


def shown(viewer: Screen) -> list[Received]:
    return viewer.got(viewer.video[0])


def last_is(viewer: Screen, rid: str) -> Callable[[], bool]:
    return lambda: bool(shown(viewer)) and layer_of(shown(viewer)[-1]) == rid


def assert_no_seam(packets: Sequence[Received]) -> None:
    """One stream: numbers without a gap, time that goes forward, every change of layer at a key frame."""
    for before, after in pairwise(packets):
        assert after.seq - before.seq & 0xFFFF == 1
        assert 0 < (after.timestamp - before.timestamp & 0xFFFFFFFF) < 20 * 90_000
        old, new = vp8_descriptor(before.payload), vp8_descriptor(after.payload)
        assert new.picture_id - old.picture_id & 0x7FFF == 1
        assert new.tl0 - old.tl0 & 0xFF == 1
        assert layer_of(before) == layer_of(after) or new.key


async def stage(engine: EmbeddedEngine) -> LayeredCamera:
    camera = await layered_camera(engine)
    await engine.switch("hall", [camera.feed])
    camera.frame("qhf")
    await settled(engine)
    return camera


async def test_everybody_gets_the_layer_of_his_size(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    viewers = {height: await screen(engine, f"v{height}") for height in (100, 300, 1080)}
    for height, viewer in viewers.items():
        await engine.show(viewer.resource, [height])
    await play(camera, lambda: all(last_is(viewers[h], rid)() for h, rid in ((100, "q"), (300, "h"), (1080, "f"))))
    for viewer in viewers.values():
        assert_no_seam(shown(viewer))
    stats = await settled(engine)
    assert [stats["viewers"][v.resource]["layers"] for v in viewers.values()] == [["q"], ["h"], ["f"]]
    assert [s["height"] for s in stats["feeds"][camera.feed]["streams"]] == [180, 360, 720]


async def test_changing_size_changes_the_layer_without_a_seam(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    bert, still = await screen(engine, "bert"), await screen(engine, "still")
    camera.report(time.time())
    for height, rid in ((1080, "f"), (90, "q"), (400, "h"), (100, "q"), (1080, "f")):
        await engine.show(bert.resource, [height])
        await play(camera, last_is(bert, rid))
    assert_no_seam(shown(bert))
    assert {layer_of(packet) for packet in shown(bert)} == {"q", "h", "f"}
    assert_no_seam(shown(still))
    assert {layer_of(packet) for packet in shown(still)} == {"f"}


async def test_by_sender_reports_a_frame_keeps_its_instant(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    bert = await screen(engine, "bert")
    await play(camera, last_is(bert, "f"))
    camera.report(time.time())
    await settled(engine)
    await engine.show(bert.resource, [90])
    await play(camera, last_is(bert, "q"))
    steps = {after.timestamp - before.timestamp & 0xFFFFFFFF for before, after in pairwise(shown(bert))}
    assert steps == {3000}


async def test_what_is_not_shown_is_not_sent(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    bert = await screen(engine, "bert")
    await play(camera, last_is(bert, "f"))
    await engine.show(bert.resource, [0])
    await settled(engine)
    count = len(shown(bert))
    for _ in range(10):
        camera.frame("f")
    await settled(engine)
    assert len(shown(bert)) == count
    await engine.show(bert.resource, [1080])
    await play(camera, lambda: len(shown(bert)) > count + 3)
    assert_no_seam(shown(bert)[count:])
    assert shown(bert)[count].seq - shown(bert)[count - 1].seq & 0xFFFF == 1


async def test_a_layer_that_dries_up_is_left(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    bert = await screen(engine, "bert")
    await play(camera, last_is(bert, "f"))
    await play(camera, last_is(bert, "h"), only="qh")
    await play(camera, last_is(bert, "f"), key="f")
    assert_no_seam(shown(bert))


async def test_key_frames_are_asked_for_once_a_second_and_layer(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    viewers = [await screen(engine, f"viewer-{i}") for i in range(6)]
    await play(camera, lambda: all(last_is(viewer, "f")() for viewer in viewers))
    began, before = time.monotonic(), {rid: camera.asked(rid) for rid in "qhf"}
    for _ in range(15):
        for viewer in viewers:
            for ssrc in viewer.video:
                viewer.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.picture_loss(1, ssrc))
        camera.frame()
        await asyncio.sleep(0.1)
    asked = {rid: camera.asked(rid) - before[rid] for rid in "qhf"}
    assert asked["q"] == asked["h"] == 0
    assert 1 <= asked["f"] <= time.monotonic() - began + 1


async def test_what_was_lost_before_a_change_is_made_good_after_it(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    bert = await screen(engine, "bert")
    await play(camera, lambda: last_is(bert, "f")() and len(shown(bert)) > 5)
    await engine.show(bert.resource, [90])
    await play(camera, last_is(bert, "q"))
    old = [packet for packet in shown(bert) if layer_of(packet) == "f"][-1]
    new = next(packet for packet in shown(bert) if layer_of(packet) == "q")
    bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], [old.seq, new.seq]))
    again = await bert.expect(bert.repair[0], 2)
    assert [packet.payload[2:] for packet in again] == [old.payload, new.payload]
    assert [int.from_bytes(packet.payload[:2], "big") for packet in again] == [old.seq, new.seq]


async def test_each_layer_is_repaired_by_itself(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    bert = await screen(engine, "bert")
    await play(camera, last_is(bert, "f"))
    lost = camera.frame(lose="f")["f"]
    camera.frame()
    nack = rtcp.Nack(camera.layers["f"].ssrc, (lost.seq,))
    await camera.peer.until(lambda: nack in camera.peer.rtcp)
    camera.repair(lost, "f", 7)
    count = len(shown(bert)) + 1
    await bert.expect(bert.video[0], count)
    assert any(packet.payload[6:] == lost.payload[6:] for packet in shown(bert)[-2:])
    streams = (await settled(engine))["feeds"][camera.feed]["streams"]
    assert [stream["recovered"] for stream in streams] == [0, 0, 1]


async def test_a_new_feed_in_the_slot_goes_on_for_all_layers(engine: EmbeddedEngine) -> None:
    anna, berta = await stage(engine), await layered_camera(engine, "berta")
    small, large = await screen(engine, "small"), await screen(engine, "large")
    await engine.show(small.resource, [90])
    await play(anna, lambda: last_is(small, "q")() and last_is(large, "f")())
    counts = len(shown(small)), len(shown(large))
    await engine.switch("hall", [berta.feed])
    await play(berta, lambda: len(shown(small)) > counts[0] + 2 and len(shown(large)) > counts[1] + 2, key="qhf")
    assert last_is(small, "q")()
    assert last_is(large, "f")()
    for viewer in (small, large):
        assert_no_seam(shown(viewer))


async def test_many_with_different_histories_all_get_every_packet(engine: EmbeddedEngine) -> None:
    camera = await stage(engine)
    viewers = [await screen(engine, f"viewer-{i}") for i in range(7)]
    for number, viewer in enumerate(viewers):  # each changes at a time of its own, so that all numbers differ
        await engine.show(viewer.resource, [90])
        await play(camera, last_is(viewer, "q"))
        for _ in range(number):
            camera.frame(only="q")
        await engine.show(viewer.resource, [1080])
        await play(camera, last_is(viewer, "f"))
    await settled(engine)
    counts = [len(shown(viewer)) for viewer in viewers]
    sent = [camera.frame()["f"] for _ in range(40)]
    for viewer, count in zip(viewers, counts, strict=True):
        packets = await viewer.expect(viewer.video[0], count + 40)
        assert_no_seam(packets)
        assert [packet.payload[6:] for packet in packets[-40:]] == [one.payload[6:] for one in sent]
    assert len({packets[-1].seq for packets in map(shown, viewers)}) == len(viewers)


async def test_sound_is_told_its_time_whatever_the_numbers(engine: EmbeddedEngine) -> None:
    """Sender reports give every viewer the timestamp that his own packets have at that instant."""
    camera = await stage(engine)
    viewers = [await screen(engine, f"viewer-{i}") for i in range(3)]
    await engine.show(viewers[0].resource, [90])
    await play(camera, last_is(viewers[0], "q"))
    await engine.show(viewers[0].resource, [1080])
    await play(camera, last_is(viewers[0], "f"))
    camera.report(time.time())
    for viewer in viewers:
        viewer.peer.rtcp.clear()

    def reported(viewer: Screen) -> list[rtcp.SenderReport]:
        return [m for m in viewer.peer.rtcp if isinstance(m, rtcp.SenderReport) and m.ssrc == viewer.video[0]]

    await play(camera, lambda: all(reported(viewer) for viewer in viewers))
    await settled(engine)
    for viewer in viewers:
        behind = reported(viewer)[-1].rtp - shown(viewer)[-1].timestamp
        assert abs((behind + 0x80000000 & 0xFFFFFFFF) - 0x80000000) < 5 * 90_000


async def test_without_the_extension_that_tells_layers_apart_there_are_none(engine: EmbeddedEngine) -> None:
    section = [synthetic.media("video", "sendonly"), "a=rid:q send", "a=rid:f send", "a=simulcast:send q;f"]
    offer = synthetic.offer(CERTIFICATE, ["\n".join(section)])
    answer = await engine.publish(offer, owner="anna", kind="camera")
    assert "a=simulcast" not in answer.sdp
    assert "a=rid" not in answer.sdp
