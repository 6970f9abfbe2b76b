"""Five rooms at once, 18 people in each: everybody sends, and gets nine pictures and three voices of his own room.

Each payload says which room and person it is from. Every packet that comes to any viewer is decrypted and looked at: it
must be from his room and not from himself, of the kind that its slot is for; and in no slot may a sequence number be
missing, whoever begins or ceases to speak meanwhile. Pictures are as small as nine fit on a page: 30 packets of 700
bytes a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from conference.media import rtcp, rtp
from conference.media.aiortc_seam import Certificate
from conference.media.embedded import EmbeddedEngine
from conference.rehearsal.viewers import Reader as BatchReader
from conference.rehearsal.viewers import Slot
from tests.bench import figures as table_of
from tests.bench import worker
from tests.bench.figures import Figure
from tests.bench.media import (
    AUDIO,
    AUDIO_BYTES,
    AUDIO_SSRC,
    FRAMES,
    RTX_SSRC,
    SO_RCVBUFFORCE,
    VIDEO_SSRC,
    VIEWER_BUFFER,
    paced,
)
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

TITLE = "Five rooms at once"
ROOMS, PEOPLE, PICTURES, VOICES = 5, 18, 9, 3
SECONDS, SETTLING_SECONDS, SPEECH_SECONDS = 15.0, 3.0, 2.0
VIDEO_BYTES = 700
CROWD = 10
"""People who send at the same instant; the others a little later."""
LOUD, QUIET = 20, 110
"""Sound levels, -dBov."""
TICK = 0.01
AT = 20
ENOUGH = 0.95
"""Of what a viewer should get; while speakers change, the newcomer's picture begins with its next key frame."""
_TAG = struct.Struct("!4sBBB")
_MARK, _VIDEO, _AUDIO = b"room", 1, 2


class Person:
    """Sends from a room, and says so in every packet.

    Attributes:
        feed: the id at the engine.
        loud: whether he speaks.
    """

    def __init__(self, peer: SyntheticPeer, feed: str, room: int, number: int) -> None:
        self._peer = peer
        self.feed = feed
        self.room = room
        self.number = number
        self.loud = False
        self._video, self._audio = itertools.count(1), itertools.count(1)

    def video(self) -> None:
        """One frame of one packet, a key frame if that was asked for."""
        number = next(self._video)
        key = number == 1 or any(isinstance(message, rtcp.KeyFrameRequest) for message in self._peer.rtcp)
        self._peer.rtcp.clear()
        payload = self._tagged(synthetic.vp8_payload(key, number & 0x7FFF, VIDEO_BYTES), _VIDEO)
        self._peer.send_rtp(VIDEO_SSRC, synthetic.VP8, number & 0xFFFF, number * 3000, payload, marker=True)

    def audio(self) -> None:
        """20 ms of sound."""
        number = next(self._audio)
        level = rtp.extension_element(synthetic.LEVEL_ID, bytes([LOUD if self.loud else QUIET]))
        payload = self._tagged(bytes(AUDIO_BYTES), _AUDIO)
        self._peer.send_rtp(AUDIO_SSRC, synthetic.OPUS, number & 0xFFFF, number * 960, payload, elements=level)

    def _tagged(self, payload: bytes, kind: int) -> bytes:
        return payload[:AT] + _TAG.pack(_MARK, self.room, self.number, kind) + payload[AT + _TAG.size :]


@dataclass
class Viewer:
    """Someone in a room and what he got."""

    descriptor: int
    keys: Any
    room: int
    number: int
    slots: dict[int, Slot]
    wrong: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("room", "himself", "kind", "unreadable"), 0))

    def look(self, data: bytes) -> None:
        """At one decrypted packet."""
        _, _, seq, _, ssrc = rtp.HEADER.unpack_from(data)
        at, _, _ = rtp.header_size(data, 0, len(data))
        slot = self.slots.get(ssrc)
        mark, room, number, kind = (
            _TAG.unpack_from(data, at + AT) if len(data) >= at + AT + _TAG.size else (b"", 0, 0, 0)
        )
        if slot is None or mark != _MARK:
            self.wrong["unreadable"] += 1
            return
        slot.take(seq)
        self.wrong["room"] += room != self.room
        self.wrong["himself"] += room == self.room and number == self.number
        self.wrong["kind"] += kind != slot.kind


class Reader:
    """Decrypts all that comes to all viewers."""

    def __init__(self, viewers: list[Viewer]) -> None:
        self._viewers, self._reader = viewers, BatchReader()
        self._turns = itertools.cycle(range(int(0.1 / TICK)))

    def read(self) -> None:
        """A tenth of the viewers' sockets."""
        self._reader.read(self._viewers[next(self._turns) :: int(0.1 / TICK)])

    def read_all(self) -> None:
        """All of them."""
        self._reader.read(self._viewers)


class Floor:
    """Who speaks in each room: three at a time, another one every so often. The engine hears that, or is told."""

    def __init__(self, engine: EmbeddedEngine, people: list[list[Person]]) -> None:
        self._engine = engine
        self._people = people
        self._turn = 0
        self.by_loudness = hasattr(engine, "gather")

    async def open(self) -> None:
        """Let the first ones speak."""
        for number, people in enumerate(self._people):
            if self.by_loudness:
                feeds = [person.feed for person in people]
                await self._engine.gather(f"room-{number}", feeds, pictures=PICTURES, voices=VOICES)  # type: ignore[attr-defined,unused-ignore]
        await self.next()

    async def next(self) -> None:
        """In each room the one who has spoken longest makes room for another."""
        for number, people in enumerate(self._people):
            speaking = [people[(self._turn + i) % PEOPLE] for i in range(VOICES)]
            for person in people:
                person.loud = person in speaking
            if not self.by_loudness:
                shown = [people[(self._turn + i) % PEOPLE].feed for i in range(PICTURES)]
                await self._engine.switch(f"room-{number}", shown)
        self._turn += 1

    async def go_round(self, seconds: float) -> None:
        """For so long."""
        for _ in range(int(seconds / SPEECH_SECONDS)):
            await asyncio.sleep(SPEECH_SECONDS)
            await self.next()


async def person(engine: EmbeddedEngine, certificate: Certificate, room: int, number: int) -> Person:
    """Connect one who sends."""
    sections = [
        synthetic.media("video", "sendonly", (VIDEO_SSRC, RTX_SSRC)),
        synthetic.media("audio", "sendonly", (AUDIO_SSRC,)),
    ]
    offer = synthetic.offer(certificate, sections)
    answer = await engine.publish(offer, owner=f"{room}-{number}", kind="camera")
    peer = SyntheticPeer(certificate)
    await peer.connect(answer.sdp)
    return Person(peer, answer.resource, room, number)


async def viewer(engine: EmbeddedEngine, certificate: Certificate, room: int, number: int) -> Viewer:
    """Connect the same one as a viewer."""
    sections = [synthetic.media("video", "recvonly") for _ in range(PICTURES)]
    sections += [synthetic.media("audio", "recvonly") for _ in range(VOICES)]
    answer = await engine.view(synthetic.offer(certificate, sections), owner=f"{room}-{number}", room=f"room-{room}")
    peer = SyntheticPeer(certificate)
    await peer.connect(answer.sdp)
    with contextlib.suppress(PermissionError):
        peer.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, VIEWER_BUFFER)
    descriptor = os.dup(peer.socket.fileno())
    peer.vanish()
    lines = [line for line in answer.sdp.split("\r\n") if line.startswith("a=ssrc:")]
    ssrcs = list(dict.fromkeys(int(line[7:].split(" ")[0]) for line in lines))
    video, audio = ssrcs[: 2 * PICTURES : 2], ssrcs[2 * PICTURES :]
    slots = {ssrc: Slot(_VIDEO) for ssrc in video} | {ssrc: Slot(_AUDIO) for ssrc in audio}
    return Viewer(descriptor, peer.srtp, room, number, slots)


async def run(seconds: float = SECONDS) -> dict[str, Any]:
    """Let them all talk for so long."""
    engine, certificate = EmbeddedEngine("127.0.0.1", 0, silent=600.0), Certificate()
    async with contextlib.AsyncExitStack() as stack:
        await engine.start()
        stack.push_async_callback(engine.stop)
        [pid] = worker.pids()
        people = [[await person(engine, certificate, room, n) for n in range(PEOPLE)] for room in range(ROOMS)]
        viewers = [await viewer(engine, certificate, room, n) for room in range(ROOMS) for n in range(PEOPLE)]
        for one in viewers:
            stack.callback(os.close, one.descriptor)
        everybody = [one for room in people for one in room]
        crowds = [everybody[i : i + CROWD] for i in range(0, len(everybody), CROWD)]
        seeing, hearing = itertools.cycle(crowds), itertools.cycle(crowds)

        def video() -> None:
            for one in next(seeing):
                one.video()

        def audio() -> None:
            for one in next(hearing):
                one.audio()

        reader, floor = Reader(viewers), Floor(engine, people)
        rates = (1 / FRAMES / len(crowds), video), (1 / AUDIO / len(crowds), audio), (TICK, reader.read)
        await floor.open()
        talking = asyncio.create_task(floor.go_round(SETTLING_SECONDS + seconds))
        await paced(SETTLING_SECONDS, *rates)
        before, cpu, began = total(viewers), worker.cpu_seconds(pid), time.perf_counter()
        await paced(seconds, *rates)
        cpu, passed = worker.cpu_seconds(pid) - cpu, time.perf_counter() - began
        await talking
        await asyncio.sleep(0.3)
        reader.read_all()
        stats = (await engine.stats())["workers"][0]
    packets = total(viewers) - before
    return {
        "by_loudness": floor.by_loudness,
        "packets": total(viewers),
        "packets_per_second": packets / passed,
        "got": packets / (due(passed) * len(viewers)),
        "lost": sum(slot.lost for one in viewers for slot in one.slots.values()),
        "wrong": {name: sum(one.wrong[name] for one in viewers) for name in viewers[0].wrong},
        "core": cpu / passed,
        "us_per_packet": cpu / packets * 1e6,
        "dropped_out": stats["dropped_out"],
        "failures": stats["failures"],
    }


def total(viewers: list[Viewer]) -> int:
    """Packets that came so far."""
    return sum(slot.count for one in viewers for slot in one.slots.values())


def due(seconds: float) -> float:
    """Packets that the average viewer should get: his own ones are not sent to him."""
    others = (PEOPLE - 1) / PEOPLE
    return (PICTURES * FRAMES + VOICES * AUDIO) * seconds * others


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    who = "the engine, by loudness" if result["by_loudness"] else "the benchmark, by switching"
    wrong = ", ".join(f"{name} {count}" for name, count in result["wrong"].items())
    return "\n".join(
        [
            f"{ROOMS} rooms of {PEOPLE}, each with {PICTURES} pictures and {VOICES} voices, chosen by {who}",
            f"{result['packets']} packets looked at ({result['packets_per_second']:.0f}/s), "
            f"{result['got']:.1%} of what was due",
            f"lost {result['lost']}; wrong: {wrong}",
            f"worker: {result['core']:.0%} of a core, {result['us_per_packet']:.1f} µs per packet",
        ]
    )  # fmt: skip


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    strayed = sum(result["wrong"].values())
    met = result["lost"] == 0 and strayed == 0 and result["got"] > ENOUGH
    how = (
        f"{result['packets']} packets, each decrypted: room, person, kind and sequence number; {result['core']:.0%} of "
        f"a core; one of three speakers changes every {SPEECH_SECONDS:.0f} s"
    )
    what = f"{ROOMS} rooms of {PEOPLE} with {PICTURES} pictures and {VOICES} voices each at the same time"
    found = f"{result['lost']} lost, {strayed} in a wrong place"
    return [Figure(what, "nothing lost, no packet in a wrong room", found, met, how)]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
