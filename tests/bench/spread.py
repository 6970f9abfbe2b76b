"""What it costs to let a stage spread over two workers: the same viewers on one, and half of them on each.

The second worker gets every packet once, by the link; what that costs is what both together spend beyond the one.
"""

from __future__ import annotations

import sys
from typing import Any

from conference.media.aiortc_seam import Certificate
from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.bench.media import Ours, measure
from tests.media.synthetic import SyntheticPeer

TITLE = "One stage on two workers"
VIEWERS = 200
SECONDS = 6.0
ROUNDS = 2
PACKETS_PER_SECOND = 200


class Workers(Ours):
    """The engine with so many workers, each with an equal share of the viewers."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers=workers, spread_at=VIEWERS if workers == 1 else 0)
        self.counters: list[dict[str, Any]] = []

    async def publish(self, certificate: Certificate, offer: str) -> SyntheticPeer:
        """Connect the publisher at the hall's home, and show it there."""
        answer = await self.engine.publish(offer, owner="anna", kind="camera", room="hall")
        peer = SyntheticPeer(certificate)
        await peer.connect(answer.sdp)
        await self.engine.switch("hall", [answer.resource])
        return peer

    async def cpu_seconds(self) -> float:
        """Of all workers together."""
        self.counters = (await self.engine.stats())["workers"]
        return sum(float(worker["cpu_seconds"]) for worker in self.counters)


async def run(viewers: int = VIEWERS, seconds: float = SECONDS) -> dict[str, Any]:
    """Measure both a few times in turn; the better figures count."""
    rows: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        for workers in (1, 2):
            server = Workers(workers)
            figures = await measure(server, viewers, seconds)
            dropped = sum(worker["relay_dropped"] for worker in server.counters)
            rows.append({"workers": workers, "viewers": viewers, "relay_dropped": dropped, **figures})
    core = {n: min(row["core"] for row in rows if row["workers"] == n) for n in (1, 2)}
    relayed = (core[2] - core[1]) / PACKETS_PER_SECOND * 1e6
    return {"rows": rows, "ratio": core[2] / core[1], "us_per_relayed": relayed, "core": core}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'workers':>8}{'packets/s':>11}{'lost':>9}{'µs/packet':>11}{'cores':>8}"]
    for row in result["rows"]:
        line = f"{row['workers']:>8}{row['packets_per_second']:>11.0f}{row['lost']:>9.2%}{row['us_per_packet']:>11.2f}"
        lines.append(f"{line}{row['core']:>8.0%}")
    lines.append(
        f"each packet that is passed on costs {result['us_per_relayed']:.0f} µs more: link, and a second fan-out"
    )
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    lost = max(row["lost"] for row in result["rows"])
    measured = f"{result['ratio']:.2f} ×, {lost:.2%} lost"
    met = lost <= 0 and not any(row["relay_dropped"] for row in result["rows"])
    what = f"CPU of both workers for a stage of {VIEWERS} viewers, half of them on each, against one worker for all"
    how = (
        f"the better of {ROUNDS} runs each in turn; {result['us_per_relayed']:.0f} µs more per packet that is passed on"
    )
    return [Figure(what, "nothing lost", measured, met, how)]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
