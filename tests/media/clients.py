"""aiortc's own peer connections as publishers and viewers, with pictures that say who they are from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import av
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError

from conference.media.engine import Answer, MediaEngine

WIDTH, HEIGHT = 320, 240


class Plain(VideoStreamTrack):
    """A picture of one brightness (16 … 235), by which it is recognised."""

    def __init__(self, brightness: int) -> None:
        super().__init__()
        self._brightness = brightness

    async def recv(self) -> av.VideoFrame:
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, value in zip(frame.planes, (self._brightness, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


class Client:
    """A peer connection that uses no server but the conference's."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.resource = ""

    async def _negotiate(self, ask: Callable[[str], Any]) -> None:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        answer: Answer = await ask(self.pc.localDescription.sdp)
        self.resource = answer.resource
        await self.pc.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    async def connected(self) -> None:
        """Wait until media may flow."""
        async with asyncio.timeout(15):
            while self.pc.connectionState != "connected":
                await asyncio.sleep(0.01)

    async def ended(self, seconds: float = 15) -> None:
        """Wait until the other side has closed."""
        async with asyncio.timeout(seconds):
            while self.pc.connectionState not in ("closed", "failed"):
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Hang up."""
        await self.pc.close()


class Publisher(Client):
    """Sends a plain picture and a silent microphone."""

    async def publish(self, engine: MediaEngine, owner: str, brightness: int, audio: bool = True) -> str:
        """Connect; the feed's id."""
        self.pc.addTrack(Plain(brightness))
        if audio:
            self.pc.addTrack(AudioStreamTrack())
        await self._negotiate(lambda sdp: engine.publish(sdp, owner=owner, kind="camera"))
        await self.connected()
        return self.resource


class Viewer(Client):
    """Decodes what it is sent.

    Attributes:
        brightness: of the last picture in each video slot, None before the first.
        frames: decoded in each slot, by ``(kind, slot)``.
    """

    def __init__(self, slots: int = 1) -> None:
        super().__init__()
        self.brightness: list[int | None] = [None] * slots
        self.frames = {(kind, i): 0 for kind in ("video", "audio") for i in range(slots)}
        self._pumps: list[asyncio.Task[None]] = []
        self._transceivers: list[tuple[str, int, Any]] = [
            (kind, i, self.pc.addTransceiver(kind, direction="recvonly"))
            for kind in ("video", "audio")
            for i in range(slots)
        ]

    async def _pump(self, kind: str, slot: int, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame: Any = await track.recv()
                self.frames[kind, slot] += 1
                if kind == "video":
                    self.brightness[slot] = _luma(frame)
        except MediaStreamError:
            return

    async def view(self, engine: MediaEngine, owner: str, room: str) -> str:
        """Connect; the resource."""
        await self._negotiate(lambda sdp: engine.view(sdp, owner=owner, room=room))
        for kind, i, transceiver in self._transceivers:
            self._pumps.append(asyncio.ensure_future(self._pump(kind, i, transceiver.receiver.track)))
        await self.connected()
        return self.resource

    async def sees(self, brightness: int, slot: int = 0, seconds: float = 15) -> None:
        """Wait until the slot shows a picture of this brightness (codecs are not exact)."""
        async with asyncio.timeout(seconds):
            while (shown := self.brightness[slot]) is None or abs(shown - brightness) > 6:
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        await super().close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


def _luma(frame: av.VideoFrame) -> int:
    """The brightness in the middle of a picture."""
    plane = frame.planes[0]
    return bytes(plane)[plane.line_size * (HEIGHT // 2) + WIDTH // 2]
