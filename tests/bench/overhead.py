"""What an SFU does besides forwarding, and what that costs: ours with everything in use, beside bare forwarding.

The load is the same: one publisher, 150 video and 50 audio packets a second, 200 viewers. Bare forwarding (`bare`) does
what nobody can do without. Ours is measured twice. *Everything*: three layers come in, a third of the viewers watches
each; all write header extensions, report each second what they received and how much they could bear, and ask for 2 % of
the video packets again, which they get by RTX. *Plain*: one layer; no extensions, no repair, no reports from viewers.

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
from typing import Any

from pylibsrtp import Policy

from conference.media import rtcp, rtp
from conference.media.aiortc_seam import Certificate
from tests.bench import bare, figures as table_of, worker
from tests.bench.figures import Figure
from tests.bench.media import (
    DRAIN_SECONDS,
    FRAMES,
    PEEK,
    SO_RCVBUFFORCE,
    STRAGGLING_SECONDS,
    VIEWER_BUFFER,
    VIDEO_SSRC,
    AUDIO_SSRC,
    RTX_SSRC,
    WARM_UP_SECONDS,
    Drain,
    Ours,
    Publisher,
    join,
)
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

TITLE = "What is done besides forwarding"
VIEWERS = 200
SECONDS = 8.0
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


async def bare_forwarding(together: bool, viewers: int, seconds: float) -> dict[str, float]:
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
        assert process.stdin is not None and process.stdout is not None
        stack.push_async_callback(process.wait)
        stack.callback(process.stdin.close)
        line = BareLine(key, int(await process.stdout.readline()))
        stack.enter_context(line.socket)
        drain, publisher = Drain([receiver.fileno() for receiver in receivers]), Publisher(line)
        return await spent(publisher, drain, process.pid, viewers, seconds)


async def spent(
    publisher: Publisher, drain: Drain, pid: int, viewers: int, seconds: float, reporter: Reporter | None = None
) -> dict[str, float]:
    """Send for so long, after a second of warm-up; CPU of a process per packet that each viewer should get."""

    def meanwhile() -> None:
        drain.drain()
        if reporter is not None:
            reporter.report()

    await publisher.send(WARM_UP_SECONDS, meanwhile)
    before, cpu = publisher.sent, worker.cpu_seconds(pid)
    await publisher.send(seconds, meanwhile)
    cpu = worker.cpu_seconds(pid) - cpu
    forwarded, again = (publisher.sent - before) * viewers, 0
    for _ in range(int(STRAGGLING_SECONDS / DRAIN_SECONDS)):
        await asyncio.sleep(DRAIN_SECONDS)
        drain.drain()
        again = reporter.again if reporter is not None else 0
        if drain.count - again >= publisher.sent * viewers:
            break
    lost = 1 - (drain.count - again) / (publisher.sent * viewers)
    return {"us_per_packet": cpu / forwarded * 1e6, "lost": lost, "again": again / drain.count}


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


async def ours(server: Ours, viewers: int, seconds: float, everything: bool) -> dict[str, float]:
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
        peer = await server.publish(certificate, synthetic.offer(certificate, sections))
        stack.push_async_callback(peer.close)
        for i in range(viewers):
            joined.append(await join(server, certificate, i))
            stack.push_async_callback(joined[-1][0].close)
            stack.callback(os.close, joined[-1][1])
        lines = [line for line in joined[0][0].answer.split("\r\n") if line.startswith("a=ssrc:")]
        video = int(lines[0][7:].split(" ")[0])
        drain = Watchful([fd for _, fd in joined], video, video + 1)
        reporter = Reporter(joined, drain, video) if everything else None
        return await spent(Publisher(peer), drain, pid, viewers, seconds, reporter)


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
        lines.append(f"{name:20}{us:>10.2f}{row['lost']:>8.2%}{row['again']:>8.2%}{everything / us:>18.2f}")
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    us = {name: row["us_per_packet"] for name, row in result["rows"].items()}
    best = min(us["bare, together"], us["bare, one by one"])
    ratio = us["everything"] / best
    how = (
        f"{result['viewers']} viewers; {us['everything']:.1f} : {best:.1f} µs per packet; bare sending one by one "
        f"{us['bare, one by one']:.1f}; ours with nothing of it in use {us['plain']:.1f}"
    )
    what = "extensions, retransmission, reports, layers and limits, against bare forwarding with the same libraries"
    return [Figure(what, f"≤ {MARK} ×", f"{ratio:.2f} ×", ratio <= MARK, how)]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
