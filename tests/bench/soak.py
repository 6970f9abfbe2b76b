"""Memory: what a viewer takes, and whether any stays behind while people come and go.

A stage with a publisher and a few viewers who stay; others come and go all the time, half of them without a good-bye.
The worker's resident memory is read each second; its slope is the least-squares line through what came after a minute
and a half, when all pools have found their size.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import time
from typing import Any

from conference.media.aiortc_seam import Certificate
from tests.bench import figures as table_of
from tests.bench import worker
from tests.bench.figures import Figure
from tests.bench.media import AUDIO_SSRC, DRAIN_SECONDS, RTX_SSRC, VIDEO_SSRC, Drain, Ours, Publisher, join
from tests.media import synthetic

TITLE = "Memory"
MINUTES = 3.0
CROWD = 200
"""Viewers by whom the memory of one is measured."""
STAYING, VISITORS, VISITS = 20, 30, 5.0
"""Viewers who stay, who come and go, and how many come each second."""
SILENT = 20.0
"""Seconds after which the worker drops those who left without a word."""
WARM_UP_SECONDS = 90.0
FLAT = 0.5
"""Megabytes a minute that are within the noise of a few minutes."""
MB = 1e6


async def run(minutes: float = MINUTES) -> dict[str, Any]:
    """Measure what a viewer takes, then the slope over so many minutes."""
    certificate = Certificate()
    async with contextlib.AsyncExitStack() as stack:
        server = Ours(silent=SILENT)
        await server.start()
        stack.push_async_callback(server.stop)
        [pid] = worker.pids()
        sections = [
            synthetic.media("video", "sendonly", (VIDEO_SSRC, RTX_SSRC)),
            synthetic.media("audio", "sendonly", (AUDIO_SSRC,)),
        ]
        peer = await server.publish(certificate, synthetic.offer(certificate, sections))
        stack.push_async_callback(peer.close)
        stage = Stage(server, certificate, Publisher(peer))
        try:
            empty = worker.resident_bytes(pid)
            await stage.grow(CROWD)
            await stage.play(2.0)
            full = worker.resident_bytes(pid)
            await stage.shrink(STAYING)
            rss = await stage.churn(pid, minutes * 60)
        finally:
            await stage.shrink(0)
    kept = [sample for sample in rss if sample[0] > min(WARM_UP_SECONDS, minutes * 30)]
    slope = statistics.linear_regression([at for at, _ in kept], [size for _, size in kept]).slope
    return {
        "minutes": minutes,
        "viewer_bytes": (full - empty) / CROWD,
        "empty_bytes": empty,
        "visits": stage.visits,
        "slope": slope * 60 / MB,
        "resident": [size / MB for _, size in rss],
    }


class Stage:
    """One publisher and whoever watches just now."""

    def __init__(self, server: Ours, certificate: Certificate, publisher: Publisher) -> None:
        self._server = server
        self._certificate = certificate
        self._publisher = publisher
        self._joined: list[tuple[Any, int]] = []
        self.visits = 0

    async def come(self) -> None:
        """One more."""
        self.visits += 1
        self._joined.append(await join(self._server, self._certificate, self.visits))

    async def go(self, number: int) -> None:
        """One less; every other says good-bye, through the descriptor that is left of its socket."""
        peer, descriptor = self._joined.pop(number)
        if self.visits % 2:
            peer.send = lambda data: os.write(descriptor, data)
            await peer.dtls.stop()
        os.close(descriptor)

    async def grow(self, count: int) -> None:
        """Let them come until there are so many."""
        while len(self._joined) < count:
            await self.come()

    async def shrink(self, count: int) -> None:
        """Let them go until there are so many."""
        while len(self._joined) > count:
            await self.go(len(self._joined) - 1)

    async def play(self, seconds: float) -> None:
        """Send for so long."""
        await self._publisher.send(seconds, Drain([fd for _, fd in self._joined]).drain, DRAIN_SECONDS)

    async def churn(self, pid: int, seconds: float) -> list[tuple[float, int]]:
        """Let people come and go, and send, for so long; when the memory was how large."""
        playing = asyncio.create_task(self._publisher.send(seconds, self._drain, DRAIN_SECONDS))
        began, rss = time.monotonic(), []
        while not playing.done():
            turn = time.monotonic()
            for _ in range(int(VISITS)):
                await self.come()
                if len(self._joined) > STAYING + VISITORS:
                    await self.go(STAYING)
            rss.append((time.monotonic() - began, worker.resident_bytes(pid)))
            await asyncio.wait([playing], timeout=max(1 - (time.monotonic() - turn), 0))
        await playing
        return rss

    def _drain(self) -> None:
        Drain([fd for _, fd in self._joined]).drain()


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    rss = result["resident"]
    every = max(len(rss) // 10, 1)
    return "\n".join(
        [
            f"a viewer takes {result['viewer_bytes'] / 1000:.0f} kB; "
            f"the worker without any {result['empty_bytes'] / MB:.0f} MB",
            f"{result['visits']} visits in {result['minutes']:.0f} minutes; MB: "
            + " ".join(f"{size:.1f}" for size in rss[::every]),
        ]
    )


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    minutes, slope = result["minutes"], result["slope"]
    each = f"{result['viewer_bytes'] / 1000:.0f} kB"
    how = (
        f"resident memory of the worker with {CROWD} viewers less that with none ({result['empty_bytes'] / MB:.0f} MB)"
    )
    slopes = f"{result['visits']} visits, half without good-bye; resident memory, least squares"
    what, flat = f"memory over {minutes:.0f} minutes of joining and leaving", slope < FLAT
    return [
        Figure("memory per viewer", "stated", each, None, how),
        Figure(what, "flat", f"{slope:+.2f} MB/min", flat, slopes),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print what was found; 1 if memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    options = parser.parse_args(arguments)
    return table_of.main(sys.modules[__name__], minutes=options.minutes)


if __name__ == "__main__":
    sys.exit(main())
