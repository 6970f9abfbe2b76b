"""Two feeds of one programme: the change from one to the other has no seam, and a picture that stands is told."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.conftest import Heard
from tests.media.stage import AUDIO, CERTIFICATE, VIDEO, Camera, Screen, screen
from tests.media.synthetic import Received, SyntheticPeer


async def feed(engine: EmbeddedEngine, owner: str = "regie/programme") -> Camera:
    """One of the programme's feeds."""
    peer = SyntheticPeer(CERTIFICATE)
    sections = [synthetic.media("video", "sendonly", (VIDEO,)), synthetic.media("audio", "sendonly", (AUDIO,))]
    offer = synthetic.offer(CERTIFICATE, sections)
    answer = await engine.publish(offer, owner=owner, kind="programme", room="stage/live")
    await peer.connect(answer.sdp)
    return Camera(peer, answer.resource)


def keys(packets: list[Received]) -> list[bool]:
    return [packet.payload[5] & 1 == 0 for packet in packets]


def without_a_seam(packets: list[Received]) -> None:
    """Numbers go on one by one, time forward, picture ids as well."""
    for before, after in pairwise(packets):
        assert after.seq - before.seq & 0xFFFF == 1
        assert 0 < (after.timestamp - before.timestamp & 0xFFFFFFFF) < 90000 * 20
        ids = [(packet.payload[2] & 0x7F) << 8 | packet.payload[3] for packet in (before, after)]
        assert ids[1] - ids[0] & 0x7FFF == 1


async def showing(engine: EmbeddedEngine, shown: Camera) -> Screen:
    bert = await screen(engine, room="stage/live")
    await engine.switch("stage/live", [shown.feed])
    for number in range(5):
        shown.frame(key=number == 0)
    await bert.expect(bert.video[0], 5)
    return bert


async def test_a_living_feed_is_seen_until_the_key_frame_of_the_other(engine: EmbeddedEngine) -> None:
    main, backup = await feed(engine), await feed(engine)
    bert = await showing(engine, main)
    await engine.switch("stage/live", [backup.feed])
    backup.frame()  # nothing to begin with
    main.frame()
    assert keys(await bert.expect(bert.video[0], 6)) == [True, *[False] * 5]
    await backup.peer.until(lambda: any(type(m).__name__ == "KeyFrameRequest" for m in backup.peer.rtcp))
    backup.frame(key=True)
    await bert.expect(bert.video[0], 7)
    main.frame()  # is for nobody any more
    backup.frame()
    packets = await bert.expect(bert.video[0], 8)
    assert keys(packets) == [True, *[False] * 5, True, False]
    without_a_seam(packets)
    await engine.switch("stage/live", [main.feed])
    backup.frame()
    await bert.expect(bert.video[0], 9)
    main.frame(key=True)
    main.frame()
    packets = await bert.expect(bert.video[0], 11)
    without_a_seam(packets)
    assert len(packets) == 11


async def test_somebody_elses_feed_stops_at_once(engine: EmbeddedEngine) -> None:
    main, other = await feed(engine), await feed(engine, "somebody/programme")
    bert = await showing(engine, main)
    await engine.switch("stage/live", [other.feed])
    main.frame()
    other.frame(key=True)
    packets = await bert.expect(bert.video[0], 6)
    await asyncio.sleep(0.1)
    assert keys(packets) == [True, *[False] * 4, True]
    assert len(bert.got(bert.video[0])) == 6
    await engine.switch("stage/live", [])
    other.frame(key=True)
    await asyncio.sleep(0.1)
    assert len(bert.got(bert.video[0])) == 6


async def test_a_picture_that_stands_gives_way_at_once(engine: EmbeddedEngine, heard: Heard) -> None:
    main, backup = await feed(engine), await feed(engine)
    bert = await showing(engine, main)
    assert (await heard.wait("picture", main.feed)).detail == {"moving": True}
    heard.events.clear()
    assert (await heard.wait("picture", main.feed)).detail == {"moving": False}
    backup.frame(key=True)
    backup.frame()
    await heard.wait("picture", backup.feed)
    await engine.switch("stage/live", [backup.feed])
    without_a_seam(await bert.expect(bert.video[0], 7))
    main.frame()
    main.sound(1)
    await heard.wait("picture", main.feed)
    await asyncio.sleep(0.1)
    assert len(bert.got(bert.video[0])) == 7


async def test_nothing_moves_before_a_key_frame(engine: EmbeddedEngine, heard: Heard) -> None:
    main = await feed(engine)
    main.frame()
    main.sound(1)
    await asyncio.sleep(0.6)
    assert [event for event in heard.events if event.kind == "picture"] == []
    main.frame(key=True)
    assert (await heard.wait("picture", main.feed)).detail == {"moving": True}
