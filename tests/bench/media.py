"""What forwarding costs: server CPU per packet at 10, 100 and 200 viewers of one publisher.

The publisher sends 150 video packets of about 1,100 bytes (30 frames of five packets) and 50 audio packets a second.
Publisher and viewers are real in everything but pictures: ICE, DTLS, SRTP; the viewers count and do not decrypt. The
mark is ``sendmmsg(2)`` alone: packets of the same size to as many sockets, in the same run, with nothing else done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import socket
import sys
import time
from pathlib import Path
from typing import Any

from conference.media.aiortc_seam import Certificate
from conference.media.embedded import EmbeddedEngine
from conference.media.udp import BATCH, HEADER, Arena, UdpSocket, ffi, libc
from conference.media.udp import Path as UdpPath
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

VIEWERS = (10, 100, 200)
SECONDS = 8.0
FRAMES, AUDIO = 30, 50
FRAME_PACKETS, VIDEO_BYTES, AUDIO_BYTES = 5, 1100, 160
KEY_FRAME_EVERY = 60
VIDEO_SSRC, RTX_SSRC, AUDIO_SSRC = 1001, 1002, 1003
DRAIN_SECONDS = 0.1


class Drain:
    """Empties many sockets, looking at no more than a few bytes of each datagram."""

    def __init__(self, sockets: list[int]) -> None:
        self._sockets = sockets
        self._memory = ffi.new("char[]", 64)
        self._iov = ffi.new("struct iovec[]", 1)
        self._iov[0].iov_base, self._iov[0].iov_len = self._memory, 64
        self._headers = ffi.new("struct mmsghdr[]", BATCH)
        for i in range(BATCH):
            self._headers[i].msg_hdr.msg_iov, self._headers[i].msg_hdr.msg_iovlen = self._iov, 1
        self.count = 0

    def drain(self) -> None:
        """Take everything that waits."""
        for fd in self._sockets:
            while (count := libc.recvmmsg(fd, self._headers, BATCH, socket.MSG_DONTWAIT, ffi.NULL)) > 0:
                self.count += count
                if count < BATCH:
                    break


class Publisher:
    """Sends a synthetic camera and microphone on time."""

    def __init__(self, peer: SyntheticPeer) -> None:
        self._peer = peer
        self._video_seq = self._audio_seq = 0
        self._frame = 0

    def video(self) -> None:
        """One frame: packets as equal as a browser cuts them, smaller ones first."""
        total = FRAME_PACKETS * VIDEO_BYTES + random.randrange(-40, 40)
        small, larger = divmod(total, FRAME_PACKETS)
        key = self._frame % KEY_FRAME_EVERY == 0
        for i in range(FRAME_PACKETS):
            size = small + (i >= FRAME_PACKETS - larger) - 12
            payload = synthetic.vp8_payload(key, self._frame & 0x7FFF, size, starts=i == 0)
            self._video_seq = (self._video_seq + 1) & 0xFFFF
            self._peer.send_rtp(
                VIDEO_SSRC,
                synthetic.VP8,
                self._video_seq,
                self._frame * 3000,
                payload,
                marker=i == FRAME_PACKETS - 1,
            )
        self._frame += 1

    def audio(self) -> None:
        """20 ms of sound."""
        self._audio_seq = (self._audio_seq + 1) & 0xFFFF
        payload = bytes(AUDIO_BYTES - 12)
        self._peer.send_rtp(AUDIO_SSRC, synthetic.OPUS, self._audio_seq, self._audio_seq * 960, payload)

    async def send(self, seconds: float, meanwhile: Any) -> None:
        """Send for so long; call `meanwhile` ten times a second."""
        began = time.perf_counter()
        due = [(0.0, 1 / FRAMES, self.video), (0.0, 1 / AUDIO, self.audio), (0.0, DRAIN_SECONDS, meanwhile)]
        while (now := time.perf_counter() - began) < seconds:
            for i, (at, interval, action) in enumerate(due):
                if now >= at:
                    action()
                    due[i] = (at + interval, interval, action)
            await asyncio.sleep(max(min(at for at, _, _ in due) - (time.perf_counter() - began), 0))


async def join(engine: EmbeddedEngine, certificate: Certificate, number: int) -> tuple[SyntheticPeer, int]:
    """Connect a viewer; it and the descriptor of its socket, which the event loop reads no more."""
    peer = SyntheticPeer(certificate)
    sections = [synthetic.media("video", "recvonly"), synthetic.media("audio", "recvonly")]
    offer = synthetic.offer(certificate, sections)
    await peer.connect((await engine.view(offer, owner=f"viewer-{number}", room="hall")).sdp)
    descriptor = os.dup(peer.socket.fileno())
    peer.vanish()
    return peer, descriptor


async def measure(viewers: int, seconds: float) -> dict[str, float]:
    """One publisher, so many viewers: what the worker spent."""
    engine, certificate = EmbeddedEngine("127.0.0.1", 0), Certificate()
    await engine.start()
    joined: list[tuple[SyntheticPeer, int]] = []
    try:
        peer = SyntheticPeer(certificate)
        sections = [
            synthetic.media("video", "sendonly", (VIDEO_SSRC, RTX_SSRC)),
            synthetic.media("audio", "sendonly", (AUDIO_SSRC,)),
        ]
        answer = await engine.publish(synthetic.offer(certificate, sections), owner="anna", kind="camera")
        await peer.connect(answer.sdp)
        await engine.switch("hall", [answer.resource])
        before = (await engine.stats())["workers"][0]
        for i in range(viewers):
            joined.append(await join(engine, certificate, i))
        after = (await engine.stats())["workers"][0]
        publisher, drain = Publisher(peer), Drain([descriptor for _, descriptor in joined])
        await publisher.send(1.0, drain.drain)
        return {
            "viewers": viewers,
            "join_ms": (after["cpu_seconds"] - before["cpu_seconds"]) / viewers * 1000,
            **await _forwarding(engine, publisher, drain, seconds),
        }
    finally:
        for viewer, descriptor in joined:
            await viewer.close()
            os.close(descriptor)
        await peer.close()
        await engine.stop()


async def _forwarding(engine: EmbeddedEngine, publisher: Publisher, drain: Drain, seconds: float) -> dict[str, float]:
    drain.drain()
    drain.count = 0
    start = (await engine.stats())["workers"][0]
    began = time.perf_counter()
    await publisher.send(seconds, drain.drain)
    end = (await engine.stats())["workers"][0]
    passed = time.perf_counter() - began
    await asyncio.sleep(0.1)
    drain.drain()
    sent, cpu = end["packets_out"] - start["packets_out"], end["cpu_seconds"] - start["cpu_seconds"]
    return {
        "packets": sent,
        "packets_per_second": sent / passed,
        "us_per_packet": cpu / sent * 1e6,
        "core": cpu / passed,
        "arrived": drain.count / sent,
    }


def bare(viewers: int, seconds: float = 1.0) -> float:
    """Microseconds of CPU per packet for ``sendmmsg(2)`` alone, the same mixture of sizes."""
    receivers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(viewers)]
    for receiver in receivers:
        receiver.bind(("127.0.0.1", 0))
    sender = UdpSocket("127.0.0.1", 0)
    paths = [UdpPath(_sockaddr(receiver.getsockname()), b"") for receiver in receivers]
    arena, drain = Arena(viewers, 1536), Drain([receiver.fileno() for receiver in receivers])
    envelope = arena.envelope(paths, 1)
    sizes = [VIDEO_BYTES + 16] * 3 + [AUDIO_BYTES + 16]
    spent, sent, turn, began = 0.0, 0, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        arena.fill([bytes(sizes[turn % len(sizes)])], viewers, 0)
        arena.header_bytes[: viewers * HEADER] = envelope
        start = time.process_time()
        sent += sender.send_many(arena.headers, viewers)
        spent += time.process_time() - start
        turn += 1
        if turn % 10 == 0:
            drain.drain()
    for receiver in receivers:
        receiver.close()
    sender.close()
    return spent / sent * 1e6


def _sockaddr(address: tuple[str, int]) -> bytes:
    family = int(socket.AF_INET).to_bytes(2, sys.byteorder)
    return family + address[1].to_bytes(2, "big") + socket.inet_aton(address[0]) + bytes(8)


async def run(viewers: tuple[int, ...] = VIEWERS, seconds: float = SECONDS) -> dict[str, Any]:
    """Measure each number of viewers, one after the other.

    Returns:
        ``{"machine", "rows": [{"viewers", "us_per_packet", "bare_us_per_packet", "ratio", …}]}``; times in
        microseconds of the worker's CPU per packet sent, `core` and `arrived` as fractions.
    """
    rows = []
    for count in viewers:
        row: dict[str, Any] = await measure(count, seconds)
        row["bare_us_per_packet"] = bare(count)
        row["ratio"] = row["us_per_packet"] / row["bare_us_per_packet"]
        rows.append(row)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "rows": rows,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [result["machine"], f"{'viewers':>8} {'packets/s':>10} {'µs/packet':>10} {'bare':>6} {'ratio':>6}"]
    lines[1] += f" {'core':>6} {'arrived':>8} {'ms/join':>8}"
    for row in result["rows"]:
        lines.append(
            f"{row['viewers']:>8} {row['packets_per_second']:>10.0f} {row['us_per_packet']:>10.2f}"
            f" {row['bare_us_per_packet']:>6.2f} {row['ratio']:>6.2f} {row['core']:>6.0%} {row['arrived']:>8.2%}"
            f" {row['join_ms']:>8.2f}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if packets were lost on the way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    parser.add_argument("--viewers", type=int, nargs="+", default=list(VIEWERS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args([] if arguments is None else arguments)
    result = asyncio.run(run(tuple(options.viewers), options.seconds))
    print(table(result))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(any(row["arrived"] < 0.99 for row in result["rows"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
