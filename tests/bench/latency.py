"""How long a packet stays in the server: from its arrival to its departure, at 200 viewers.

The publisher writes the time into each packet before it seals and sends it; the kernel notes when a copy comes out at
the other side (SO_TIMESTAMPNS), by the same clock. On the loopback nothing lies between but the kernel itself, so that
what is measured is an upper bound of the time in the server. Every tenth viewer is looked at, and the last of the
fan-out.

What arrives is taken a little at a time and opened in the end, so that the publisher is never late: frames that are
sent in one burst because somebody here was busy would wait for each other in the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import statistics
import struct
import sys
import time
from typing import Any

from conference.media.aiortc_seam import Certificate
from tests.bench import figures as table_of
from tests.bench import worker
from tests.bench.figures import Figure, percentile
from tests.bench.media import AUDIO_SSRC, RTX_SSRC, VIDEO_SSRC, WARM_UP_SECONDS, Drain, Ours, Publisher, join
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

TITLE = "Time in the server"
VIEWERS, EVERY = 200, 10
SECONDS = 8.0
MARK = 0.010
TICK, PARTS = 0.002, 40
"""Every so many seconds, one part of the viewers' sockets is emptied."""
SO_TIMESTAMPNS = 35
STAMP_AT = 20
"""Bytes into the payload, behind whatever a codec's header says."""
_STAMP = struct.Struct("!Q")
_TIME = struct.Struct("@qq")


class Stamped(Publisher):
    """A publisher whose packets say when they were sent."""

    def mark(self, payload: bytes) -> bytes:
        return payload[:STAMP_AT] + _STAMP.pack(time.time_ns()) + payload[STAMP_AT + _STAMP.size :]


class Watched:
    """A viewer whose packets are kept, with the time at which they came."""

    def __init__(self, peer: SyntheticPeer, descriptor: int) -> None:
        self._peer = peer
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.kept: list[tuple[bytes, bytes]] = []

    def drain(self) -> None:
        """Take everything that waits."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, ancillary, _, _ = self._socket.recvmsg(2048, 64, socket.MSG_DONTWAIT)
                if 128 <= data[0] < 192 and not 192 <= data[1] < 224:
                    self.kept.append((data, ancillary[0][2]))

    def took(self) -> list[float]:
        """Seconds on the way, for every packet."""
        return [self._seconds(plain, stamp) for data, stamp in self.kept if (plain := self._peer.open(data))]

    @staticmethod
    def _seconds(plain: bytes, stamp: bytes) -> float:
        seconds, nanoseconds = _TIME.unpack(stamp)
        (sent,) = _STAMP.unpack_from(synthetic.read_rtp(plain).payload, STAMP_AT)
        return float(seconds * 1_000_000_000 + nanoseconds - sent) / 1e9

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()


async def run(viewers: int = VIEWERS, seconds: float = SECONDS) -> dict[str, Any]:
    """Send for so long."""
    certificate = Certificate()
    server = Ours()
    joined: list[tuple[SyntheticPeer, int]] = []
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(worker.apart())
        await server.start()
        stack.push_async_callback(server.stop)
        [pid] = worker.pids()
        worker.alone(pid)
        sections = [
            synthetic.media("video", "sendonly", (VIDEO_SSRC, RTX_SSRC)),
            synthetic.media("audio", "sendonly", (AUDIO_SSRC,)),
        ]
        peer = await server.publish(certificate, synthetic.offer(certificate, sections))
        stack.push_async_callback(peer.close)
        for i in range(viewers):
            joined.append(await join(server, certificate, i))
            stack.callback(os.close, joined[-1][1])
        chosen = [i for i in range(viewers) if i % EVERY == 0 or i == viewers - 1]
        watched = [Watched(*joined[i]) for i in chosen]
        for one in watched:
            stack.callback(one.close)
        others = [fd for i, (_, fd) in enumerate(joined) if i not in chosen]
        parts: list[list[Drain | Watched]] = [[Drain(others[i::PARTS])] for i in range(PARTS)]
        for i, one in enumerate(watched):
            parts[i % PARTS].append(one)
        turns = itertools.cycle(parts)

        def meanwhile() -> None:
            for some in next(turns):
                some.drain()

        publisher = Stamped(peer)
        await publisher.send(WARM_UP_SECONDS, meanwhile, TICK)
        for one in watched:
            one.drain()
            one.kept.clear()
        waited = worker.waited_seconds(pid)
        await publisher.send(seconds, meanwhile, TICK)
        waited = worker.waited_seconds(pid) - waited
        await asyncio.sleep(0.2)
        for one in watched:
            one.drain()
        took = [one.took() for one in watched]
    everything = [seconds for one in took for seconds in one]
    return {
        "viewers": viewers,
        "all": summary(everything),
        "first": summary(took[0]),
        "last": summary(took[-1]),
        "waited": waited / seconds,
    }


def summary(took: list[float]) -> dict[str, float]:
    """What a list of times comes to."""
    return {
        "packets": len(took),
        "p50": statistics.median(took),
        "p95": percentile(took, 95),
        "p99": percentile(took, 99),
        "max": max(took),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'viewer in the fan-out':24}{'packets':>9}" + "".join(f"{n:>10}" for n in ("p50", "p95", "p99", "max"))]
    for name in ("first", "last", "all"):
        row = result[name]
        times = "".join(f"{row[n] * 1000:>8.2f}ms" for n in ("p50", "p95", "p99", "max"))
        lines.append(f"{name:24}{row['packets']:>9}{times}")
    lines.append(f"the worker waited {result['waited']:.1%} of the time for its core, which others had")
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    row = result["all"]
    how = (
        f"{row['packets']} packets at {result['viewers'] // EVERY + 1} viewers, the last of the fan-out among them, by "
        f"the kernel's clock; median {row['p50'] * 1000:.1f} ms, worst {row['max'] * 1000:.1f} ms"
    )
    what = f"time from a packet's arrival to its departure at {result['viewers']} viewers, p99"
    return [Figure(what, f"< {MARK * 1000:.0f} ms", f"{row['p99'] * 1000:.1f} ms", row["p99"] < MARK, how)]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
