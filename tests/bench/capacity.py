"""How many viewers of one stage one core bears with nothing lost: more and more of them, until it does not.

The worker is pinned to one core; publisher and viewers have another. A step is borne if every packet came to every
viewer and the last of them came at once: a worker that falls behind would lose nothing for a while, since its socket's
buffer is large.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from typing import Any

from conference.media.aiortc_seam import Certificate
from tests.bench import figures as table_of
from tests.bench import worker
from tests.bench.figures import Figure
from tests.bench.media import (
    AUDIO_SSRC,
    DRAIN_SECONDS,
    RTX_SSRC,
    STRAGGLING_SECONDS,
    VIDEO_SSRC,
    Drain,
    Ours,
    Publisher,
    join,
)
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

TITLE = "Viewers of one stage on one core"
STEPS = (500, 600, 800, 1000, 1200, 1400)
SECONDS = 6.0
REPLAY_SECONDS = 1.2
"""Longer than a newcomer may be sent what the others have already."""
BEHIND_SECONDS = 0.2
MARK = 500


async def run(steps: tuple[int, ...] = STEPS, seconds: float = SECONDS) -> dict[str, Any]:
    """Add viewers until a step is not borne; all steps that were tried."""
    certificate = Certificate()
    joined: list[tuple[SyntheticPeer, int]] = []
    rows: list[dict[str, Any]] = []
    server = Ours(silent=3600.0)
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
        publisher = Publisher(peer)
        for count in steps:
            while len(joined) < count:
                joined.append(await join(server, certificate, len(joined)))
                stack.callback(os.close, joined[-1][1])
            rows.append(await step(publisher, [fd for _, fd in joined], pid, seconds))
            if not rows[-1]["borne"]:
                break
            await asyncio.sleep(REPLAY_SECONDS)
    return {"rows": rows}


async def step(publisher: Publisher, sockets: list[int], pid: int, seconds: float) -> dict[str, Any]:
    """Send for so long to so many."""
    drain = Drain(sockets)
    drain.drain()
    already, before, cpu, began = drain.count, publisher.sent, worker.cpu_seconds(pid), time.perf_counter()
    publisher.begin()
    await publisher.send(seconds, drain.drain)
    ended = time.perf_counter()
    expected = (publisher.sent - before) * len(sockets)
    drain.drain()
    while drain.count - already < expected and time.perf_counter() - ended < STRAGGLING_SECONDS:
        await asyncio.sleep(DRAIN_SECONDS / 10)
        drain.drain()
    behind = time.perf_counter() - ended
    lost = expected - (drain.count - already)
    core = (worker.cpu_seconds(pid) - cpu) / (time.perf_counter() - began)
    return {
        "viewers": len(sockets),
        "packets_per_second": expected / seconds,
        "lost": lost,
        "core": core,
        "behind": behind,
        "borne": lost <= 0 and behind < BEHIND_SECONDS,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'viewers':>8}{'packets/s':>11}{'lost':>9}{'core':>7}{'behind':>9}"]
    for row in result["rows"]:
        line = f"{row['viewers']:>8}{row['packets_per_second']:>11.0f}{row['lost']:>9}{row['core']:>7.0%}"
        lines.append(f"{line}{row['behind'] * 1000:>7.0f}ms  {'borne' if row['borne'] else 'NOT borne'}")
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    borne = [row for row in result["rows"] if row["borne"]]
    most, core = (borne[-1]["viewers"], borne[-1]["core"]) if borne else (0, 0.0)
    beyond = next((row for row in result["rows"] if not row["borne"]), None)
    more = f"; at {beyond['viewers']} it no longer holds" if beyond else "; more were not tried"
    how = f"worker pinned to one core, of which it took {core:.0%}{more}"
    what = "viewers of one stage (150 video + 50 audio packets/s) on one core, nothing lost"
    return [Figure(what, f"≥ {MARK}", str(most), most >= MARK, how)]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
