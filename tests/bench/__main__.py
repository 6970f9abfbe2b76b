"""All benchmarks, one after the other, or those that are named.

``python -m tests.bench [NAME …] [--json FILE] [--markdown FILE] [--minutes N]``: results are added to the JSON file in
place of older ones of the same name; the Markdown file's table is written anew from all that the JSON file has.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.bench import (
    capacity,
    figures,
    hall,
    hostile,
    joining,
    latency,
    letters,
    loss,
    media,
    narrow,
    overhead,
    reconnect,
    rehearsal,
    rooms,
    snapshot,
    soak,
    spread,
    standing,
)

BENCHMARKS: dict[str, ModuleType] = {
    module.__name__.rsplit(".", 1)[1]: module
    for module in (
        media, overhead, capacity, spread, rooms, latency, joining, loss, narrow, soak, hostile, hall, letters,
        snapshot, standing, reconnect, rehearsal,
    )
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run them; the exit code is the number of those that missed a mark or failed."""
    options = parser().parse_args(arguments)
    if unknown := set(options.name) - set(BENCHMARKS):
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    found: dict[str, Any] = {}
    if options.json is not None and options.json.exists():
        found = json.loads(options.json.read_text("utf-8"))
    failed = 0
    for name in options.name or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        print(f"\n{benchmark.TITLE}\n", flush=True)
        try:
            found[name] = figures.measured(benchmark, **({"minutes": options.minutes} if benchmark is soak else {}))
        except Exception:  # the others shall be measured all the same
            traceback.print_exc()
            failed += 1
            continue
        print(figures.shown(benchmark, found[name]), flush=True)
        failed += figures.missed(found[name])
        keep(options, {known: found[known] for known in BENCHMARKS if known in found})
    return failed


def keep(options: argparse.Namespace, found: dict[str, Any]) -> None:
    """Write what is known by now."""
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if options.markdown is not None:
        text = options.markdown.read_text("utf-8") if options.markdown.exists() else ""
        options.markdown.write_text(figures.refreshed(text, found), "utf-8")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"all if none is named; {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, help="keep the results here")
    parser.add_argument("--markdown", type=Path, help="write the table here, between its markers if it has them")
    parser.add_argument("--minutes", type=float, default=soak.MINUTES, help="of joining and leaving (soak)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
