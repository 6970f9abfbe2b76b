"""Cameras and viewers of simulated people: real WHIP and WHEP, ICE, DTLS and SRTP, with noise for pictures.

Every packet says who sent it, from where and when, so that viewers can tell what strayed, what came late, what is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import struct
import time
from collections import Counter
from typing import Any

import aiohttp

from conference.media import rtcp, rtp
from conference.media.aiortc_seam import Certificate
from conference.rehearsal import peer as sdp
from conference.rehearsal.notes import Notes
from conference.rehearsal.peer import Peer
from conference.rehearsal.viewers import BUFFER, SO_RCVBUFFORCE, UNREADABLE, Reader, Slot

STAGE_SLOTS, GROUP_PICTURES, GROUP_VOICES = 9, 9, 3
TICK = 0.01
READ_EVERY = 2
"""Ticks."""
REPORT_SECONDS = 1.0
SOUND = 0.02
SOUND_BYTES = 160
STAGE_FRAME, GROUP_FRAME = (1 / 30, 3, 1000), (1 / 15, 1, 700)
"""Seconds between frames, packets of a frame, bytes of a packet: about 720 kbit/s, and 84 kbit/s."""
LOUD, QUIET, TURN_SECONDS, TURNS = 20, 110, 3.0, 5
"""Sound levels, -dBov; one in five speaks, for so long."""
BEHIND = 0.5
"""A camera that is so late leaves out what it missed."""
VIDEO, SOUND_KIND = 1, 2
VIDEO_SSRC, REPAIR_SSRC, SOUND_SSRC = 1001, 1002, 1003
AT = 20
_TAG = struct.Struct("!4sBHHd")
_MARK = b"prob"
_INTER_FRAME = 5  # the byte of a VP8 payload whose lowest bit is set in all but key frames, see `peer.vp8_payload`


class Media:
    """What simulated people send and see goes through here.

    Attributes:
        viewers, cameras: those that are open now.
        packets: that came to viewers; `lost`: that did not, of viewers that are closed by now.
    """

    def __init__(self, url: str, http: aiohttp.ClientSession, notes: Notes) -> None:
        self._url, self._http, self._notes = url, http, notes
        self._certificate = Certificate()
        self._reader = Reader()
        self.viewers: list[Viewer] = []
        self.cameras: list[Camera] = []
        self._gone_packets = self._gone_lost = 0

    @property
    def packets(self) -> int:
        """That came to viewers so far."""
        return self._gone_packets + sum(viewer.packets for viewer in self.viewers)

    @property
    def lost(self) -> int:
        """That never came to viewers."""
        return self._gone_lost + sum(viewer.lost for viewer in self.viewers)

    async def publish(self, cookies: str, path: str, place: int, person: int) -> Camera | None:
        """Open a camera with microphone; None where it failed, which is noted."""
        sections = [
            sdp.media("video", "sendonly", (VIDEO_SSRC, REPAIR_SSRC)),
            sdp.media("audio", "sendonly", (SOUND_SSRC,)),
        ]
        camera = Camera(self._certificate, place, person, GROUP_FRAME if "group=" in path else STAGE_FRAME)
        if not await self._open(camera, cookies, path, sections):
            return None
        self.cameras.append(camera)
        return camera

    async def view(self, cookies: str, path: str, place: int, person: int) -> Viewer | None:
        """Watch a stage or room; None where it failed, which is noted."""
        group = "group=" in path
        pictures, voices = (GROUP_PICTURES, GROUP_VOICES) if group else (STAGE_SLOTS, STAGE_SLOTS)
        sections = [sdp.media("video", "recvonly") for _ in range(pictures)]
        sections += [sdp.media("audio", "recvonly") for _ in range(voices)]
        viewer = Viewer(self._certificate, self._notes, place, person)
        if not await self._open(viewer, cookies, path, sections):
            return None
        viewer.take_over(pictures)
        self.viewers.append(viewer)
        return viewer

    async def _open(self, peer: Resource, cookies: str, path: str, sections: list[str]) -> bool:
        headers = {"Cookie": cookies, "Content-Type": "application/sdp"}
        try:
            offer = sdp.offer(peer.certificate, sections)
            async with self._http.post(self._url + path, data=offer, headers=headers) as answer:
                text = await answer.text()
                if answer.status != 201:
                    self._notes.refused[path.split("?")[0], str(answer.status), text[:200]] += 1
                    return False
                peer.location, peer.cookies = answer.headers["Location"], cookies
            await peer.connect(text)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self._notes.broken[f"Bild und Ton kamen nicht zustande ({path.split('?')[0]}): {error!r}"] += 1
            return False
        self._notes.connected.append(time.monotonic() - peer.asked)
        return True

    async def close(self, peer: Resource) -> None:
        """End a camera or viewer."""
        if isinstance(peer, Viewer) and peer in self.viewers:
            self._reader.read([peer])
            self.viewers.remove(peer)
            self._gone_packets += peer.packets
            self._gone_lost += peer.lost
        elif isinstance(peer, Camera) and peer in self.cameras:
            self.cameras.remove(peer)
        else:
            return
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with self._http.delete(self._url + peer.location, headers={"Cookie": peer.cookies}):
                pass
        await peer.close()
        if isinstance(peer, Viewer):
            peer.release()

    async def close_all(self) -> None:
        """End everything."""
        for one in [*self.viewers, *self.cameras]:
            await self.close(one)

    async def run(self) -> None:
        """Send and read until cancelled."""
        reported = time.monotonic()
        for turn in itertools.count():
            before = time.monotonic()
            for camera in self.cameras:
                camera.send_due(before)
            if turn % READ_EVERY == 0:
                self._reader.read(self.viewers)
            if before - reported > REPORT_SECONDS:
                reported = before
                for viewer in self.viewers:
                    viewer.report()
            await asyncio.sleep(TICK)
            self._notes.lags.add(max(time.monotonic() - before - TICK, 0.0))


class Resource(Peer):
    """What was opened by WHIP or WHEP.

    Attributes:
        place: number of the stage or room; `person`: of whose it is.
        asked: when it was asked for, seconds of `time.monotonic`.
        location: its address at the server.
    """

    def __init__(self, certificate: Certificate, place: int, person: int) -> None:
        super().__init__(certificate)
        self.place, self.person = place, person
        self.asked = time.monotonic()
        self.location = self.cookies = ""


class Camera(Resource):
    """Sends a picture and a voice."""

    def __init__(self, certificate: Certificate, place: int, person: int, frame: tuple[float, int, int]) -> None:
        super().__init__(certificate, place, person)
        self._interval, self._pieces, self._bytes = frame
        self._frame = self._sound = self._seq = 0
        self._next_frame = self._next_sound = 0.0
        self._key = True

    def take_rtcp(self, messages: list[rtcp.Message]) -> None:
        self._key = self._key or any(isinstance(message, rtcp.KeyFrameRequest) for message in messages)

    def send_due(self, now: float) -> None:
        """Send what is due by now."""
        if now - self._next_frame > BEHIND:
            offset = self.person % 16 / 16  # not everybody at the same instant
            self._next_frame = now + offset * self._interval
            self._next_sound = now + offset * SOUND
        while self._next_frame <= now:
            self._next_frame += self._interval
            self._send_frame()
        while self._next_sound <= now:
            self._next_sound += SOUND
            self._send_sound(now)

    def _send_frame(self) -> None:
        self._frame += 1
        key, self._key = self._key, False
        for piece in range(self._pieces):
            self._seq = self._seq + 1 & 0xFFFF
            payload = sdp.vp8_payload(key, self._frame & 0x7FFF, self._bytes, starts=piece == 0)
            timestamp = int(self._frame * self._interval * 90_000) & 0xFFFFFFFF
            last = piece == self._pieces - 1
            self.send_rtp(VIDEO_SSRC, sdp.VP8, self._seq, timestamp, self._tagged(payload, VIDEO), marker=last)

    def _send_sound(self, now: float) -> None:
        self._sound += 1
        speaks = int(now / TURN_SECONDS + self.person) % TURNS == 0
        level = rtp.extension_element(sdp.LEVEL_ID, bytes([LOUD if speaks else QUIET]))
        payload = self._tagged(bytes(SOUND_BYTES), SOUND_KIND)
        number = self._sound
        self.send_rtp(SOUND_SSRC, sdp.OPUS, number & 0xFFFF, number * 960 & 0xFFFFFFFF, payload, elements=level)

    def _tagged(self, payload: bytes, kind: int) -> bytes:
        tag = _TAG.pack(_MARK, kind, self.place, self.person, time.monotonic())
        return payload[:AT] + tag + payload[AT + _TAG.size :]


class Viewer(Resource):
    """Looks at all that comes.

    Attributes:
        descriptor: of the socket, once it is taken over.
        seen, heard: packets of picture and sound, by the number of whose they are.
        first_picture: when the first key frame of anybody came.
        stopped: how far behind a packet came at the worst, seconds.
    """

    def __init__(self, certificate: Certificate, notes: Notes, place: int, person: int) -> None:
        super().__init__(certificate, place, person)
        self._notes = notes
        self.descriptor = -1
        self._slots: dict[int, Slot] = {}
        self._repairs: set[int] = set()
        self.seen: Counter[int] = Counter()
        self.heard: Counter[int] = Counter()
        self.first_picture: float | None = None

    @property
    def packets(self) -> int:
        """That came."""
        return sum(slot.count for slot in self._slots.values())

    @property
    def lost(self) -> int:
        """That never came."""
        return sum(slot.lost for slot in self._slots.values())

    def take_over(self, pictures: int) -> None:
        """Read the socket by `Reader` from now on; slots are as the answer names them."""
        lines = [line for line in self.answer.split("\r\n") if line.startswith("a=ssrc:")]
        ssrcs = list(dict.fromkeys(int(line[7:].split(" ")[0]) for line in lines))
        self._slots = {ssrc: Slot(VIDEO) for ssrc in ssrcs[: 2 * pictures : 2]}
        self._slots |= {ssrc: Slot(SOUND_KIND) for ssrc in ssrcs[2 * pictures :]}
        self._repairs = set(ssrcs[1 : 2 * pictures : 2])
        with contextlib.suppress(PermissionError):
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.descriptor = self.take_socket()

    def take_rtp(self, plain: bytes) -> None:
        """What came before the socket was taken over."""
        self.look(plain)

    def send(self, data: bytes) -> None:
        if self.descriptor < 0:
            super().send(data)
        else:
            with contextlib.suppress(OSError):
                os.write(self.descriptor, data)

    def report(self) -> None:
        """Say that somebody is still there (RFC 3550 section 6.4.2)."""
        self.send_rtcp(rtcp.receiver_report(1))

    def look(self, data: bytes) -> None:
        """At one decrypted packet."""
        _, _, seq, _, ssrc = rtp.HEADER.unpack_from(data)
        slot = self._slots.get(ssrc)
        if slot is None:
            if data is UNREADABLE:
                self._notes.strayed["nicht lesbar"] += 1
            return
        slot.take(seq)
        at, _, _ = rtp.header_size(data, 0, len(data))
        if len(data) < at + AT + _TAG.size:
            return
        mark, kind, place, person, sent = _TAG.unpack_from(data, at + AT)
        if mark != _MARK:
            return
        now = time.monotonic()
        self._notes.delays.add(now - sent)
        self._note_stray(kind, slot.kind, place, person)
        if kind == VIDEO:
            self.seen[person] += 1
            if self.first_picture is None and not data[at + _INTER_FRAME] & 1:
                self.first_picture = now
        else:
            self.heard[person] += 1

    def _note_stray(self, kind: int, wanted: int, place: int, person: int) -> None:
        if place != self.place:
            self._notes.strayed["aus einem anderen Raum"] += 1
        elif person == self.person:
            self._notes.strayed["das eigene"] += 1
        elif kind != wanted:
            self._notes.strayed["Bild statt Ton oder umgekehrt"] += 1

    def release(self) -> None:
        """Give the socket back."""
        descriptor, self.descriptor = self.descriptor, -1
        with contextlib.suppress(OSError):
            os.close(descriptor)


def summary(media: Media) -> dict[str, Any]:
    """What came and what did not."""
    packets, lost = media.packets, media.lost
    return {"packets": packets, "lost": lost, "share": lost / (packets + lost) if packets + lost else 0.0}
