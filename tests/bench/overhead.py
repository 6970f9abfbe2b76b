"""What an SFU does besides forwarding, and what that costs: ours with everything in use, beside bare forwarding.

The load is the same: one publisher, 150 video and 50 audio packets a second, 200 viewers. Bare forwarding (`bare`) does
what nobody can do without. Ours is measured twice. *Everything*: three layers come in, a third of the viewers watches
each; all write header extensions, report each second what they received and how much they could bear, and ask for 2 %
of the video packets again, which they get by RTX. *Plain*: one layer, no extensions, no repair, no viewers' reports.

CPU is counted per forwarded packet; repeated packets are part of the cost, not of what is forwarded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import struct
import sys
import time
from collections import Counter
from typing import Any

from pylibsrtp import Policy

from conference.media import rtcp, rtp
from conference.media.aiortc_seam import Certificate
from tests.bench import bare, worker
from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.bench.media import (
    AUDIO_SSRC,
    DRAIN_SECONDS,
    FRAME_PACKETS,
    FRAMES,
    KEY_FRAME_EVERY,
    PEEK,
    RTX_SSRC,
    SO_RCVBUFFORCE,
    STRAGGLING_SECONDS,
    VIDEO_BYTES,
    VIDEO_SSRC,
    VIEWER_BUFFER,
    Drain,
    Ours,
    Publisher,
    join,
)
from tests.media import layered, synthetic
from tests.media.synthetic import SyntheticPeer

TITLE = "What is done besides forwarding"
VIEWERS = 200
SETTLING_SECONDS, SECONDS = 4.0, 8.0
RIDS = "qhf"
LAYER_SSRC = 2001
HEAD = 15
"""Bytes of payload in which a key frame says how high it is."""
ASKED_AGAIN = 3
"""Video packets of each second that every viewer asks for again: 2 %."""
BITRATE = 5_000_000
MARK = 1.5
LOSS_MARK = 0.001


class BareLine:
    """A publisher's line to the bare forwarder."""

    def __init__(self, key: bytes, port: int) -> None:
        self._session = bare.session(key, Policy.SSRC_ANY_OUTBOUND)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))

    def send_rtp(
        self, ssrc: int, payload_type: int, seq: int, timestamp: int, payload: bytes, *, marker: bool = False
    ) -> None:
        """Protect and send one packet."""
        header = rtp.HEADER.pack(0x80, marker << 7 | payload_type, seq, timestamp, ssrc)
        self.socket.send(self._session.protect(header + payload))


async def bare_forwarding(together: bool, viewers: int, seconds: float) -> dict[str, Any]:
    """Microseconds of CPU per packet, and the fraction that was lost."""
    key = secrets.token_bytes(28)
    async with contextlib.AsyncExitStack() as stack:
        receivers = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(viewers)]
        for receiver in receivers:
            receiver.bind(("127.0.0.1", 0))
            with contextlib.suppress(PermissionError):
                receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, VIEWER_BUFFER)
        command = [sys.executable, "-m", bare.__name__, "--key", key.hex(), *(["--together"] if together else [])]
        for receiver in receivers:
            command += ["--viewer", "{}:{}".format(*receiver.getsockname())]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        assert process.stdin is not None
        assert process.stdout is not None
        stack.push_async_callback(process.wait)
        stack.callback(process.stdin.close)
        line = BareLine(key, int(await process.stdout.readline()))
        stack.enter_context(line.socket)
        drain, publisher = Drain([receiver.fileno() for receiver in receivers]), Publisher(line)
        return await spent(publisher, drain, process.pid, viewers, seconds)


async def spent(
    publisher: Publisher, drain: Drain, pid: int, viewers: int, seconds: float, reporter: Reporter | None = None
) -> dict[str, Any]:
    """Send for so long, after a while to settle; CPU of a process per packet that each viewer should get."""

    def meanwhile() -> None:
        drain.drain()
        if reporter is not None:
            reporter.report()

    def got() -> int:
        return drain.count - (reporter.again if reporter is not None else 0)

    await publisher.send(SETTLING_SECONDS, meanwhile)
    await asyncio.sleep(2 * DRAIN_SECONDS)
    drain.drain()
    already, again, sent, cpu = got(), drain.count - got(), publisher.sent, worker.cpu_seconds(pid)
    await publisher.send(seconds, meanwhile)
    cpu, due = worker.cpu_seconds(pid) - cpu, (publisher.sent - sent) * viewers
    for _ in range(int(STRAGGLING_SECONDS / DRAIN_SECONDS)):
        await asyncio.sleep(DRAIN_SECONDS)
        drain.drain()
        if got() - already >= due:
            break
    repeated = drain.count - got() - again
    return {"us_per_packet": cpu / due * 1e6, "lost": 1 - (got() - already) / due, "again": repeated / due}


class Layered(Publisher):
    """Sends each frame thrice, as pictures of three heights; packets say of which until that is known."""

    def video(self) -> None:
        key = self._frame % KEY_FRAME_EVERY == 0
        for layer, rid in enumerate(RIDS):
            said = rtp.extension_element(layered.RID_ID, rid.encode()) if self._frame < FRAMES else b""
            for i in range(FRAME_PACKETS):
                payload = synthetic.vp8_payload(key, self._frame & 0x7FFF, VIDEO_BYTES - 12, starts=i == 0)
                if key and i == 0:
                    payload = layered.picture(rid, self._frame & 0x7FFF, key)[:HEAD] + payload[HEAD:]
                seq, last = (self._frame * FRAME_PACKETS + i + 1) & 0xFFFF, i == FRAME_PACKETS - 1
                self._peer.send_rtp(
                    LAYER_SSRC + layer, synthetic.VP8, seq, self._frame * 3000, payload, marker=last, elements=said
                )
        self._frame += 1
        self.sent += FRAME_PACKETS


class Plain(Ours):
    """Viewers that take what is sent and want nothing else."""

    def wishes(self) -> list[str]:
        return [plain(section) for section in super().wishes()]


def plain(section: str) -> str:
    """An m-section without extensions, feedback and repair."""
    unwanted = ("a=extmap:", "a=rtcp-fb:", f"a=rtpmap:{synthetic.RTX} ", f"a=fmtp:{synthetic.RTX} ")
    lines = [line for line in section.split("\n") if not line.startswith(unwanted)]
    return "\n".join(line.removesuffix(f" {synthetic.RTX}") if line.startswith("m=") else line for line in lines)


class Watchful(Drain):
    """Knows the highest video sequence number that each viewer was sent, and how many packets came again."""

    def __init__(self, sockets: list[int], video: int, repair: int) -> None:
        super().__init__(sockets)
        self._video, self._repair = struct.pack("!I", video), struct.pack("!I", repair)
        self.latest: dict[int, int] = {}
        self.again = 0

    def look(self, fd: int, datagrams: memoryview) -> None:
        """Find the last video packet; count repeated ones."""
        data = bytes(datagrams)
        for start in range(len(data) - PEEK, -1, -PEEK):
            if data[start + 8 : start + 12] == self._video:
                self.latest[fd] = data[start + 2] << 8 | data[start + 3]
                break
        if self._repair in data:
            self.again += sum(data[start + 8 : start + 12] == self._repair for start in range(0, len(data), PEEK))


class Reporter:
    """What viewers say: once a second each tells what came and what it could bear, and asks for some of it again."""

    def __init__(self, joined: list[tuple[SyntheticPeer, int]], drain: Watchful, video: int) -> None:
        self._joined = joined
        self._drain = drain
        self._video = video
        self._began = time.monotonic()
        self._said = 0

    @property
    def again(self) -> int:
        """Packets that came again."""
        return self._drain.again

    def report(self) -> None:
        """Let those speak whose turn it is."""
        due = int((time.monotonic() - self._began) * len(self._joined))
        for number in range(self._said, due):
            self._speak(*self._joined[number % len(self._joined)])
        self._said = due

    def _speak(self, peer: SyntheticPeer, fd: int) -> None:
        latest = self._drain.latest.get(fd)
        if latest is None:
            return
        block = rtcp.ReportBlock(self._video, 5, 0, latest, 90, 0, 0)
        lost = [latest - 20 * (i + 1) & 0xFFFF for i in range(ASKED_AGAIN)]
        said = rtcp.receiver_report(1, [block]) + rtcp.nack(1, self._video, lost)
        assert peer.srtp is not None
        os.write(fd, peer.srtp.seal_rtcp(said + rtcp.remb(1, BITRATE, [self._video])))


async def ours(server: Ours, viewers: int, seconds: float, everything: bool) -> dict[str, Any]:
    """The same of the media worker."""
    certificate = Certificate()
    joined: list[tuple[SyntheticPeer, int]] = []
    async with contextlib.AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        [pid] = worker.pids()
        sections = [
            synthetic.media("video", "sendonly", (VIDEO_SSRC, RTX_SSRC)),
            synthetic.media("audio", "sendonly", (AUDIO_SSRC,)),
        ]
        if everything:
            sections[0] = layered.media(RIDS)
        peer = await server.publish(certificate, synthetic.offer(certificate, sections))
        stack.push_async_callback(peer.close)
        for i in range(viewers):
            joined.append(await join(server, certificate, i))
            if everything:
                await server.engine.show(server.resources[-1], [layered.HEIGHTS[RIDS[i % len(RIDS)]]])
            stack.push_async_callback(joined[-1][0].close)
            stack.callback(os.close, joined[-1][1])
        lines = [line for line in joined[0][0].answer.split("\r\n") if line.startswith("a=ssrc:")]
        video = int(lines[0][7:].split(" ")[0])
        drain = Watchful([fd for _, fd in joined], video, video + 1)
        reporter = Reporter(joined, drain, video) if everything else None
        publisher = Layered(peer) if everything else Publisher(peer)
        found = await spent(publisher, drain, pid, viewers, seconds, reporter)
        seen = (await server.engine.stats())["viewers"].values()
        return {**found, "layers": dict(Counter(view["layers"][0] for view in seen))}


async def run(viewers: int = VIEWERS, seconds: float = SECONDS) -> dict[str, Any]:
    """All four, one after the other."""
    return {
        "viewers": viewers,
        "rows": {
            "everything": await ours(Ours(), viewers, seconds, everything=True),
            "plain": await ours(Plain(), viewers, seconds, everything=False),
            "bare, together": await bare_forwarding(True, viewers, seconds),
            "bare, one by one": await bare_forwarding(False, viewers, seconds),
        },
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    everything = result["rows"]["everything"]["us_per_packet"]
    lines = [f"{'':20}{'µs/packet':>10}{'lost':>8}{'again':>8}{'everything : it':>18}"]
    for name, row in result["rows"].items():
        us = row["us_per_packet"]
        line = f"{name:20}{us:>10.2f}{row['lost']:>8.2%}{row['again']:>8.2%}{everything / us:>18.2f}"
        lines.append(line + (f"   viewers by layer: {row['layers']}" if "layers" in row else ""))
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    us = {name: row["us_per_packet"] for name, row in result["rows"].items()}
    best = min(us["bare, together"], us["bare, one by one"])
    used, least = us["everything"] / us["plain"], us["everything"] / best
    viewers = f"{result['viewers']} viewers"
    return [
        Figure(
            "extensions, retransmission, reports and layers in use, against the same worker just forwarding",
            f"≤ {MARK} ×",
            f"{used:.2f} ×",
            used <= MARK,
            f"{viewers}; {us['everything']:.1f} : {us['plain']:.1f} µs per packet",
        ),
        Figure(
            "the same against the least a forwarder can do with these libraries (no ICE, reports, memory or limits)",
            f"≤ {MARK} ×",
            f"{least:.2f} ×",
            least <= MARK,
            f"{viewers}; {us['everything']:.1f} : {best:.1f} µs per packet; one by one {us['bare, one by one']:.1f}",
        ),
    ]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
