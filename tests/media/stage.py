"""A synthetic publisher and viewers on a running engine, connected and ready to be watched."""

from __future__ import annotations

import asyncio
from typing import Any

from conference.media import rtp
from conference.media.aiortc_seam import Certificate
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.synthetic import Received, SyntheticPeer

VIDEO, REPAIR, AUDIO = 1001, 1002, 1003
CERTIFICATE = Certificate()


class Camera:
    """Publishes what the test says, packet by packet."""

    def __init__(self, peer: SyntheticPeer, feed: str) -> None:
        self.peer = peer
        self.feed = feed
        self.seq = 65530  # soon to wrap
        self.timestamp = 0xFFFFF000
        self.picture = 0x7FFE

    def frame(self, key: bool = False, size: int = 200, lose: bool = False) -> int:
        """Send one frame of one packet (or let the network lose it); its sequence number."""
        seq = self.seq
        if not lose:
            payload = synthetic.vp8_payload(key, self.picture, size)
            self.peer.send_rtp(VIDEO, synthetic.VP8, seq, self.timestamp, payload, marker=True)
        self.seq, self.timestamp = seq + 1 & 0xFFFF, self.timestamp + 3000 & 0xFFFFFFFF
        self.picture = self.picture + 1 & 0x7FFF
        return seq

    def sound(self, number: int, level: int | None = None) -> None:
        """Send 20 ms of sound, as loud as `level` (-dBov)."""
        elements = rtp.extension_element(synthetic.LEVEL_ID, bytes([level])) if level is not None else b""
        self.peer.send_rtp(AUDIO, synthetic.OPUS, number, number * 960, b"sound%d" % number, elements=elements)


async def camera(
    engine: EmbeddedEngine, owner: str = "anna", audio: bool = True, tcp: bool = False, room: str = ""
) -> Camera:
    """A connected publisher, to be seen in this room."""
    peer = SyntheticPeer(CERTIFICATE, tcp)
    sections = [synthetic.media("video", "sendonly", (VIDEO, REPAIR))]
    sections += [synthetic.media("audio", "sendonly", (AUDIO,))] if audio else []
    answer = await engine.publish(synthetic.offer(CERTIFICATE, sections), owner=owner, kind="camera", room=room)
    await peer.connect(answer.sdp)
    return Camera(peer, answer.resource)


class Screen:
    """A viewer and the SSRCs of its slots.

    Attributes:
        resource: its id at the engine.
        video, audio, repair: the SSRC of each slot.
    """

    def __init__(self, peer: SyntheticPeer, resource: str, slots: int) -> None:
        self.peer = peer
        self.resource = resource
        lines = [line for line in peer.answer.split("\r\n") if line.startswith("a=ssrc:")]
        ssrcs = [int(line[7:].split(" ")[0]) for line in lines]
        self.video, self.repair, self.audio = ssrcs[: 2 * slots : 2], ssrcs[1 : 2 * slots : 2], ssrcs[2 * slots :]

    def got(self, ssrc: int) -> list[Received]:
        """What came with this SSRC."""
        return [packet for packet in self.peer.rtp if packet.ssrc == ssrc]

    async def expect(self, ssrc: int, count: int, seconds: float = 10) -> list[Received]:
        """Wait for so many packets of an SSRC."""
        await self.peer.until(lambda: len(self.got(ssrc)) >= count, seconds)
        return self.got(ssrc)


async def screen(
    engine: EmbeddedEngine,
    owner: str = "bert",
    room: str = "hall",
    slots: int = 1,
    with_rtx: bool = True,
    tcp: bool = False,
) -> Screen:
    """A connected viewer."""
    peer = SyntheticPeer(CERTIFICATE, tcp)
    sections = [synthetic.media("video", "recvonly", with_rtx=with_rtx) for _ in range(slots)]
    sections += [synthetic.media("audio", "recvonly") for _ in range(slots)]
    answer = await engine.view(synthetic.offer(CERTIFICATE, sections), owner=owner, room=room)
    await peer.connect(answer.sdp)
    return Screen(peer, answer.resource, slots)


async def settled(engine: EmbeddedEngine) -> dict[str, Any]:
    """The engine's counters, once it had a moment to take in what was sent."""
    await asyncio.sleep(0.1)
    return await engine.stats()
