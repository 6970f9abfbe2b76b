"""Sound on a line that loses packets: each brings its forerunners along (RFC 2198), for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conference.media import red, rtcp
from conference.media.embedded import EmbeddedEngine
from conference.media.rtp import Packet
from conference.media.viewer import COVER_SECONDS, Track
from tests.media import synthetic
from tests.media.stage import CERTIFICATE, Camera, Screen, camera, settled
from tests.media.synthetic import Received, SyntheticPeer

RED = 63


def taken_apart(payload: bytes) -> list[tuple[int, int, bytes]]:
    """The blocks of a redundant payload: ``(payload type, how long ago, sound)``, the sound itself last."""
    headers, at = [], 0
    while payload[at] & 0x80:
        word = int.from_bytes(payload[at : at + 4], "big")
        headers.append((word >> 24 & 0x7F, word >> 10 & 0x3FFF, word & 0x3FF))
        at += 4
    primary, at = payload[at], at + 1
    blocks = []
    for payload_type, ago, size in headers:
        blocks.append((payload_type, ago, payload[at : at + size]))
        at += size
    return [*blocks, (primary, 0, payload[at:])]


@given(st.lists(st.tuples(st.integers(0, 0x4FFF), st.binary(max_size=1100)), max_size=3), st.integers(0, 127))
def test_what_fits_is_brought_along(earlier: list[tuple[int, bytes]], payload_type: int) -> None:
    now = 0x100
    sound = Packet(9, now, False, False, b"now")
    before = [Packet(1, now - ago & 0xFFFFFFFF, False, False, data) for ago, data in earlier]
    fitting = [(payload_type, ago, data) for ago, data in earlier if ago <= 0x3FFF and len(data) <= 0x3FF]
    assert taken_apart(red.payload(sound, before, payload_type)) == [*fitting, (payload_type, 0, b"now")]


async def listener(engine: EmbeddedEngine, owner: str, with_red: bool = True) -> Screen:
    """A connected viewer of one sound that can do with redundancy."""
    section = synthetic.media("audio", "recvonly")
    if with_red:
        section = section.replace(f"SAVPF {synthetic.OPUS}", f"SAVPF {synthetic.OPUS} {RED}")
        section += f"\na=rtpmap:{RED} red/48000/2\na=fmtp:{RED} {synthetic.OPUS}/{synthetic.OPUS}"
    peer = SyntheticPeer(CERTIFICATE)
    answer = await engine.view(synthetic.offer(CERTIFICATE, [section]), owner=owner, room="hall")
    assert (f"a=rtpmap:{RED} red/48000/2" in answer.sdp) == with_red
    await peer.connect(answer.sdp)
    viewer = Screen(peer, answer.resource, 0)
    viewer.audio = [int(synthetic.attribute(answer.sdp, "ssrc").split(" ")[0])]
    return viewer


async def speak(anna: Camera, viewers: Sequence[Screen], lossy: Screen, begin: int, count: int) -> int:
    """Send so many packets of sound; one viewer reports that every tenth was lost."""
    for number in range(begin, begin + count):
        anna.sound(number)
        if number % 10 == 9:
            heard = lossy.got(lossy.audio[0])
            block = rtcp.ReportBlock(lossy.audio[0], 26, number // 10, heard[-1].seq if heard else 0, 0, 0, 0)
            lossy.peer.send_rtcp(rtcp.receiver_report(1, [block]))
        await asyncio.sleep(0.01)
    await viewers[0].peer.until(lambda: all(len(v.got(v.audio[0])) >= begin + count for v in viewers))
    return begin + count


async def test_who_loses_sound_gets_it_twice_and_nobody_else(engine: EmbeddedEngine) -> None:
    anna = await camera(engine)
    await engine.switch("hall", [anna.feed])
    lossy, good = await listener(engine, "lossy"), await listener(engine, "good")
    plain = await listener(engine, "plain", with_red=False)
    await settled(engine)
    number = await speak(anna, [lossy, good, plain], lossy, 0, 300)
    await speak(anna, [lossy, good, plain], plain, number, 30)
    for viewer in (good, plain):
        assert {packet.payload_type for packet in viewer.got(viewer.audio[0])} == {synthetic.OPUS}
    packets = lossy.got(lossy.audio[0])
    assert packets[0].payload_type == synthetic.OPUS
    assert packets[-1].payload_type == RED
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(len(packets)))
    assert [p.timestamp - packets[0].timestamp & 0xFFFFFFFF for p in packets] == [960 * i for i in range(len(packets))]
    assert sounds(packets) == [packet.payload for packet in good.got(good.audio[0])]
    last = taken_apart(packets[-1].payload)
    assert [(kind, ago) for kind, ago, _ in last] == [
        (synthetic.OPUS, 1920),
        (synthetic.OPUS, 960),
        (synthetic.OPUS, 0),
    ]
    assert [sound for _, _, sound in last] == [packet.payload for packet in good.got(good.audio[0])[-3:]]


def sounds(packets: Sequence[Received]) -> list[bytes]:
    """The sound itself, redundant or not."""
    return [taken_apart(p.payload)[-1][2] if p.payload_type == RED else p.payload for p in packets]


def test_the_cover_grows_with_the_loss_and_ends_after_it() -> None:
    track: Any = Track.__new__(Track)
    track.copies, track._covered, track.flow = 0, 0, None
    copies = []
    for lost in (0, 1, 3, 10, 3, *[0] * COVER_SECONDS):
        track.cover(50, lost)
        copies.append(track.copies)
    assert copies == [0, 1, 1, 2, *[2] * COVER_SECONDS, 0]
    track.cover(5, 5)
    assert track.copies == 0
