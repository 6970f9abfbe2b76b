"""What forwarding costs: server CPU per packet at 10 to 400 viewers of one publisher, ours beside Janus VideoRoom.

The publisher sends 150 video packets of about 1,100 bytes (30 frames of five packets) and 50 audio packets a second.
Publisher and viewers are real in everything but pictures: ICE, DTLS, SRTP; the viewers count and do not decrypt. Both
servers are processes of their own and bear the same load, one right after the other, and so does ``sendmmsg(2)`` alone:
packets of the same size to as many sockets, with nothing else done; once at the same times, once as fast as it goes.
What is compared is CPU seconds, not wall time, since others may use the machine as well.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import platform
import random
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Protocol

from conference.media.aiortc_seam import Certificate
from conference.media.embedded import EmbeddedEngine
from conference.media.udp import BATCH, HEADER, Arena, UdpSocket, ffi, libc
from conference.media.udp import Path as UdpPath
from tests.bench.bare import sockaddr
from tests.bench.figures import Figure
from tests.bench.janus import Janus
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

TITLE = "The media plane beside Janus"
VIEWERS = (50, 100, 200, 400)
BESIDE_JANUS = (200, 400)
SECONDS = 8.0
FRAMES, AUDIO = 30, 50
FRAME_PACKETS, VIDEO_BYTES, AUDIO_BYTES = 5, 1100, 160
KEY_FRAME_EVERY = 60
VIDEO_SSRC, RTX_SSRC, AUDIO_SSRC = 1001, 1002, 1003
DRAIN_SECONDS = 0.1
WARM_UP_SECONDS = 1.0
STRAGGLING_SECONDS = 2.0
BARE_SECONDS, RUSHED_SECONDS = 3.0, 1.0
VIEWER_BUFFER, SO_RCVBUFFORCE = 4 * 1024 * 1024, 33
PEEK = 64
TAG = 16
LOSS_MARK = 0.01
JANUS_MARK, BARE_MARK, GROWTH_MARK = 0.5, 3.0, 1.0
"""At most this much of what Janus needs, this many times what the system call alone needs, and this per viewer."""
_NOT_RTP = bytes(range(128)) + bytes(range(192, 256))
_NOT_RTCP = bytes(range(192)) + bytes(range(224, 256))


class Server(Protocol):
    """A media server under test, a process of its own."""

    name: str

    async def start(self) -> None:
        """Run it."""

    async def stop(self) -> None:
        """End it."""

    async def publish(self, certificate: Certificate, offer: str) -> SyntheticPeer:
        """Connect the publisher."""

    async def view(self, certificate: Certificate, number: int) -> SyntheticPeer:
        """Connect a viewer of this publisher."""

    async def cpu_seconds(self) -> float:
        """Seconds of CPU that the server process has used."""


class Ours:
    """The media worker.

    Attributes:
        resources: the viewers', in order.
    """

    name = "ours"

    def __init__(self, **options: Any) -> None:
        """`options` are the engine's."""
        self.engine = EmbeddedEngine("127.0.0.1", 0, **options)
        self.resources: list[str] = []

    async def start(self) -> None:
        """Run it."""
        await self.engine.start()

    async def stop(self) -> None:
        """End it."""
        await self.engine.stop()

    async def publish(self, certificate: Certificate, offer: str) -> SyntheticPeer:
        """Connect the publisher and show it in the hall."""
        answer = await self.engine.publish(offer, owner="anna", kind="camera")
        peer = SyntheticPeer(certificate)
        await peer.connect(answer.sdp)
        await self.engine.switch("hall", [answer.resource])
        return peer

    async def view(self, certificate: Certificate, number: int) -> SyntheticPeer:
        """Connect a viewer to the hall."""
        offer = synthetic.offer(certificate, self.wishes())
        peer = SyntheticPeer(certificate)
        answer = await self.engine.view(offer, owner=f"viewer-{number}", room="hall")
        self.resources.append(answer.resource)
        await peer.connect(answer.sdp)
        return peer

    def wishes(self) -> list[str]:
        """The m-sections of a viewer's offer."""
        return [synthetic.media("video", "recvonly"), synthetic.media("audio", "recvonly")]

    async def cpu_seconds(self) -> float:
        """As the worker itself reads its clock."""
        return float((await self.engine.stats())["workers"][0]["cpu_seconds"])


class Drain:
    """Empties many sockets, looking at no more than a few bytes of each datagram.

    Attributes:
        count: RTP packets so far; reports and connectivity checks are not among them.
    """

    def __init__(self, sockets: list[int]) -> None:
        self._sockets = sockets
        memory = ffi.new("char[]", PEEK * BATCH)
        self._memory = memoryview(ffi.buffer(memory))
        self._iov = ffi.new("struct iovec[]", BATCH)
        self._headers = ffi.new("struct mmsghdr[]", BATCH)
        for i in range(BATCH):
            self._iov[i].iov_base, self._iov[i].iov_len = memory + i * PEEK, PEEK
            self._headers[i].msg_hdr.msg_iov, self._headers[i].msg_hdr.msg_iovlen = self._iov + i, 1
        self._keep = memory
        self.count = 0

    def drain(self) -> None:
        """Take everything that waits."""
        for fd in self._sockets:
            while (count := libc.recvmmsg(fd, self._headers, BATCH, socket.MSG_DONTWAIT, ffi.NULL)) > 0:
                end = count * PEEK
                media = self._memory[:end:PEEK].tobytes().translate(None, _NOT_RTP)
                reports = self._memory[1:end:PEEK].tobytes().translate(None, _NOT_RTCP)
                self.count += len(media) - len(reports)
                self.look(fd, self._memory[:end])
                if count < BATCH:
                    break

    def look(self, fd: int, datagrams: memoryview) -> None:
        """Called with what came from one socket: `PEEK` bytes of each datagram."""


class Publisher:
    """Sends a synthetic camera and microphone on time.

    Attributes:
        sent: RTP packets so far.
    """

    def __init__(self, peer: Any) -> None:
        """`peer` has `SyntheticPeer.send_rtp`."""
        self._peer = peer
        self._video_seq = self._audio_seq = 0
        self._frame = 0
        self.sent = 0

    def video(self) -> None:
        """One frame: packets as equal as a browser cuts them, smaller ones first."""
        total = FRAME_PACKETS * VIDEO_BYTES + random.randrange(-40, 40)
        small, larger = divmod(total, FRAME_PACKETS)
        key = self._frame % KEY_FRAME_EVERY == 0
        for i in range(FRAME_PACKETS):
            size = small + (i >= FRAME_PACKETS - larger) - 12
            payload = self.mark(synthetic.vp8_payload(key, self._frame & 0x7FFF, size, starts=i == 0))
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
        self.sent += FRAME_PACKETS

    def audio(self) -> None:
        """20 ms of sound."""
        self._audio_seq = (self._audio_seq + 1) & 0xFFFF
        payload = self.mark(bytes(AUDIO_BYTES - 12))
        self._peer.send_rtp(AUDIO_SSRC, synthetic.OPUS, self._audio_seq, self._audio_seq * 960, payload)
        self.sent += 1

    def mark(self, payload: bytes) -> bytes:
        """Write something into a payload that is about to be sent."""
        return payload

    def begin(self) -> None:
        """Let the next frame be a key frame."""
        self._frame += -self._frame % KEY_FRAME_EVERY

    async def send(self, seconds: float, meanwhile: Callable[[], None], interval: float = DRAIN_SECONDS) -> None:
        """Send for so long; call `meanwhile` every so often."""
        await paced(seconds, (1 / FRAMES, self.video), (1 / AUDIO, self.audio), (interval, meanwhile))


async def paced(seconds: float, *actions: tuple[float, Callable[[], None]]) -> None:
    """For so long, do each action every so many seconds, on time."""
    began = time.perf_counter()
    due = [0.0 for _ in actions]
    while (now := time.perf_counter() - began) < seconds:
        for i, (interval, action) in enumerate(actions):
            if now >= due[i]:
                action()
                due[i] += interval
        await asyncio.sleep(max(min(due) - (time.perf_counter() - began), 0))


async def join(server: Server, certificate: Certificate, number: int) -> tuple[SyntheticPeer, int]:
    """Connect a viewer; it and the descriptor of its socket, which the event loop reads no more."""
    peer = await server.view(certificate, number)
    with contextlib.suppress(PermissionError):  # on a busy machine we may come to drain it late
        peer.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, VIEWER_BUFFER)
    descriptor = os.dup(peer.socket.fileno())
    peer.vanish()
    return peer, descriptor


async def measure(server: Server, viewers: int, seconds: float) -> dict[str, Any]:
    """One publisher, so many viewers: what the server spent."""
    certificate = Certificate()
    joined: list[tuple[SyntheticPeer, int]] = []
    async with contextlib.AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        sections = [
            synthetic.media("video", "sendonly", (VIDEO_SSRC, RTX_SSRC)),
            synthetic.media("audio", "sendonly", (AUDIO_SSRC,)),
        ]
        peer = await server.publish(certificate, synthetic.offer(certificate, sections))
        stack.push_async_callback(peer.close)
        before = await server.cpu_seconds()
        for i in range(viewers):
            joined.append(await join(server, certificate, i))
            stack.push_async_callback(joined[-1][0].close)
            stack.callback(os.close, joined[-1][1])
        after = await server.cpu_seconds()
        publisher, drain = Publisher(peer), Drain([descriptor for _, descriptor in joined])
        await publisher.send(WARM_UP_SECONDS, drain.drain)
        figures = await _forwarding(server, publisher, drain, seconds)
        figures["join_ms"] = (after - before) / viewers * 1000
        figures["expected"] = publisher.sent * viewers
        figures["lost"] = 1 - await _all_that_comes(drain, publisher.sent * viewers) / figures["expected"]
        return figures


async def _forwarding(server: Server, publisher: Publisher, drain: Drain, seconds: float) -> dict[str, Any]:
    drain.drain()
    start, count, began = await server.cpu_seconds(), drain.count, time.perf_counter()
    await publisher.send(seconds, drain.drain)
    drain.drain()
    end, passed = await server.cpu_seconds(), time.perf_counter() - began
    arrived, cpu = drain.count - count, end - start
    return {
        "packets": arrived,
        "packets_per_second": arrived / passed,
        "us_per_packet": cpu / arrived * 1e6,
        "core": cpu / passed,
    }


async def _all_that_comes(drain: Drain, expected: int) -> int:
    """How many packets came, warm-up and stragglers included."""
    for _ in range(int(STRAGGLING_SECONDS / DRAIN_SECONDS)):
        await asyncio.sleep(DRAIN_SECONDS)
        drain.drain()
        if drain.count >= expected:
            break
    return drain.count


def bare(viewers: int) -> dict[str, float]:
    """Microseconds of CPU per packet for ``sendmmsg(2)`` alone, to as many sockets, in a process of its own.

    Returns:
        `paced`: the same packets at the same times as those of the servers; `rushed`: one call after the other, which
        is cheaper, since caches stay warm as they never do in a server that waits for its packets.
    """
    receivers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(viewers)]
    for receiver in receivers:
        receiver.bind(("127.0.0.1", 0))
    addresses = [sockaddr(receiver.getsockname()) for receiver in receivers]
    drain = Drain([receiver.fileno() for receiver in receivers])
    figures = {}
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        for name, sending, seconds, interval in (
            ("paced", _send_paced, BARE_SECONDS, DRAIN_SECONDS),
            ("rushed", _send_rushed, RUSHED_SECONDS, 0.0),
        ):
            done = processes.submit(sending, addresses, seconds)
            while not done.done():
                drain.drain()
                time.sleep(interval)
            figures[name] = done.result()
    for receiver in receivers:
        receiver.close()
    return figures


class _Bare:
    """Sends one packet to everybody, and measures that call alone."""

    def __init__(self, addresses: list[bytes]) -> None:
        self._viewers = len(addresses)
        self._socket = UdpSocket("127.0.0.1", 0)
        self._paths = [UdpPath(address, b"") for address in addresses]
        self._arena = Arena(self._viewers, 1536)
        self._envelope = self._arena.envelope(self._paths, 1)
        self._spent, self._sent = 0.0, 0

    def send(self, size: int) -> None:
        """To everybody."""
        self._arena.fill([bytes(size)], self._viewers, 0)
        self._arena.header_bytes[: self._viewers * HEADER] = self._envelope
        start = time.process_time()
        self._sent += self._socket.send_many(self._arena.headers, self._viewers)
        self._spent += time.process_time() - start

    def video(self) -> None:
        """One frame."""
        for _ in range(FRAME_PACKETS):
            self.send(VIDEO_BYTES + TAG)

    def audio(self) -> None:
        """20 ms of sound."""
        self.send(AUDIO_BYTES + TAG)

    def close(self) -> float:
        """Release the port; microseconds per packet."""
        self._socket.close()
        return self._spent / self._sent * 1e6


def _send_paced(addresses: list[bytes], seconds: float) -> float:
    bare = _Bare(addresses)
    asyncio.run(paced(seconds, (1 / FRAMES, bare.video), (1 / AUDIO, bare.audio)))
    return bare.close()


def _send_rushed(addresses: list[bytes], seconds: float) -> float:
    bare, began = _Bare(addresses), time.perf_counter()
    while time.perf_counter() - began < seconds:
        for size in (VIDEO_BYTES, VIDEO_BYTES, VIDEO_BYTES, AUDIO_BYTES):
            bare.send(size + TAG)
    return bare.close()


async def run(viewers: tuple[int, ...] = VIEWERS, seconds: float = SECONDS) -> dict[str, Any]:
    """Measure each number of viewers, one after the other.

    Returns:
        ``{"machine", "rows": [{"viewers", "ours", "Janus", "bare", "to_bare", "to_janus"}]}``; times in
        microseconds of the server's CPU per packet forwarded, `core` and `lost` as fractions.
    """
    rows = []
    for count in viewers:
        servers: list[Server] = [Ours(), Janus()] if count in BESIDE_JANUS else [Ours()]
        row: dict[str, Any] = {"viewers": count}
        for server in servers:
            row[server.name] = await measure(server, count, seconds)
        row["bare"] = bare(count)
        ours = row[Ours.name]["us_per_packet"]
        row["to_bare"] = {name: ours / us for name, us in row["bare"].items()}
        row["to_janus"] = ours / row[Janus.name]["us_per_packet"] if Janus.name in row else None
        rows.append(row)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "rows": rows,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    head = f"{'packets/s':>10} {'µs/packet':>10} {'core':>6} {'lost':>8} {'ms/join':>8} {'ours : it':>10} {'mark':>6}"
    lines = [result["machine"], f"{'viewers':>8} {'':17} {head}"]
    for row in result["rows"]:
        marked = Janus.name in row
        for name in (Ours.name, Janus.name):
            if name in row:
                f = row[name]
                line = f"{row['viewers']:>8} {name:17} {f['packets_per_second']:>10.0f} {f['us_per_packet']:>10.2f}"
                line += f" {f['core']:>6.0%} {f['lost']:>8.3%} {f['join_ms']:>8.1f}"
                lines.append(line + (_against(row["to_janus"], JANUS_MARK, marked) if name == Janus.name else ""))
        for name, us in row["bare"].items():
            line = f"{row['viewers']:>8} {'sendmmsg, ' + name:17} {'':>10} {us:>10.2f} {'':>6} {'':>8} {'':>8}"
            lines.append(line + _against(row["to_bare"][name], BARE_MARK, marked))
    if any(row[name]["lost"] > LOSS_MARK for row in result["rows"] for name in (Ours.name, Janus.name) if name in row):
        lines.append("Where much was lost, the machine was too busy to bear this load.")
    return "\n".join(lines)


def _against(ratio: float, mark: float, marked: bool) -> str:
    return f" {ratio:>10.2f}" + (f"  ≤ {mark:.1f}" if marked else "")


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    rows = {row["viewers"]: row for row in result["rows"]}
    found = []
    for count in (count for count in rows if count in BESIDE_JANUS):
        row, what = rows[count], f"server CPU per forwarded packet, {count} viewers"
        us, janus = row[Ours.name]["us_per_packet"], row[Janus.name]["us_per_packet"]
        ratio, lost = row["to_janus"], row[Janus.name]["lost"]
        how = f"{us:.1f} : {janus:.1f} µs; lost {row[Ours.name]['lost']:.2%} : {lost:.2%}"
        found.append(Figure(f"{what}: ours : Janus", f"≤ {JANUS_MARK}", f"{ratio:.2f}", ratio <= JANUS_MARK, how))
        ratio, rushed = row["to_bare"]["paced"], row["to_bare"]["rushed"]
        how = f"at the same times {row['bare']['paced']:.1f} µs; one call after the other {rushed:.1f}"
        found.append(
            Figure(f"{what}: ours : `sendmmsg`", f"≤ {BARE_MARK:.0f}", f"{ratio:.1f}", ratio <= BARE_MARK, how)
        )
    few, many = (rows[count][Ours.name]["us_per_packet"] for count in (min(rows), max(rows)))
    how = f"{many:.1f} : {few:.1f} µs per packet"
    what = f"cost per viewer, at {max(rows)} : at {min(rows)}"
    return [*found, Figure(what, f"≤ {GROWTH_MARK}", f"{many / few:.2f}", many / few <= GROWTH_MARK, how)]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if a mark was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=list(VIEWERS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args(arguments)
    result = asyncio.run(run(tuple(options.viewers), options.seconds))
    print(table(result))
    found = figures(result)
    print(*(figure.row() for figure in found), sep="\n")
    return int(any(figure.met is False for figure in found))


if __name__ == "__main__":
    sys.exit(main())
