"""The whole day by ``conference rehearse``: with 300 people; and with five rooms of 18, all with picture and sound.

Nobody is idle: they come by their links, vote, ask, type on boards, rate. Whatever the rehearsal checks is a mark here.
Server, media workers and all simulated people share one machine, so times are no better than its cores allow.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from conference.rehearsal import report
from conference.rehearsal.day import Progress, Wishes, rehearse
from tests.bench import figures as table_of
from tests.bench.figures import Figure

TITLE = "A day lived through"
MANY = Wishes(people=300, watching=24, minutes=6.0)
ROOMS = Wishes(people=90, watching=90, minutes=3.0)
NAMES = {
    "many": "300 people, 24 of them with picture and sound",
    "rooms": "five rooms of 18, all with picture and sound",
}


def silent(_progress: Progress) -> None:
    """No display."""


async def run() -> dict[str, Any]:
    """Live through both days, one after the other."""
    found: dict[str, Any] = {}
    for name, wishes in (("many", MANY), ("rooms", ROOMS)):
        outcome = await rehearse(wishes, silent)
        found[name] = {**report.figures(outcome), "text": report.text(outcome, len(os.sched_getaffinity(0)))}
        del found[name]["samples"]
    return found


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join(str(found["text"]) for found in result.values())


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    rows = []
    for name, found in result.items():
        bad = [check["text"] for check in found["checks"] if not check["good"]]
        join, answers, used = found["join"], found["answers"], found["cores"]
        commands = sum(one["count"] for one in answers.values())
        vote, lost = answers.get("poll.vote", {"p95": 0.0}), found["media"]["lost"]
        how = (
            f"link to joined p95 {join['p95'] * 1000:.0f} ms, ballot p95 {vote['p95'] * 1000:.0f} ms, {commands} "
            f"commands; lost {lost} of {found['media']['packets']} packets; server {used['server_p95']:.0%} and media "
            f"{used['media_p95']:.0%} of a core (p95); {found['load_before']:.1f} processes waited before"
        )
        done = f"{len(found['checks']) - len(bad)} of {len(found['checks'])} checks"
        what = f"a whole day, {found['speed']:.0f} times as quick: {NAMES[name]}"
        rows.append(Figure(what, "all checks pass", done, not bad, how))
    return rows


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
