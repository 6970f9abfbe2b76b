"""``conference rehearse``: the day beforehand, with a display while it runs and a report at its end."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from conference.config import Settings
from conference.core.errors import ConferenceError
from conference.rehearsal import report
from conference.rehearsal.day import Progress, Wishes, rehearse

LINE_SECONDS = 10.0
INTERRUPTED = 130
_ABOUT = (
    "Live through the programme with simulated people, on this machine, in a directory of its own that is gone "
    "afterwards: the demo's programme, or a copy of that in --data. Exit code 1: a check failed."
)


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser("rehearse", help="live through the day with simulated people", description=_ABOUT)
    parser.add_argument("--people", type=int, help="how many (default: as many as the programme has; the demo has 92)")
    parser.add_argument("--media", type=int, default=24, metavar="N", help="how many send and watch (default: 24)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--speed", type=float, default=20.0, help="how much quicker than planned (default: 20)")
    length.add_argument("--minutes", type=float, help="how long the day is to take, instead of --speed")
    parser.add_argument("--media-workers", type=int, default=0, dest="workers", metavar="N", help="default: one a core")
    parser.add_argument("--quiet", action="store_true", help="the report alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="what was measured, for programs; -: to the output")
    parser.set_defaults(run=run)


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Rehearse; 0: all is well, 1: a check failed, 130: broken off."""
    if (options.people is not None and options.people < 1) or options.media < 0:
        raise ConferenceError("rehearsal.people", "Bitte mindestens eine Person.")
    if options.speed < 1 or (options.minutes is not None and options.minutes <= 0):
        raise ConferenceError("rehearsal.speed", "Langsamer als geplant lässt sich nicht proben.")
    source = settings if options.data is not None else None
    wishes = Wishes(options.people, options.media, options.speed, options.minutes, source, options.workers)
    display = Display(sys.stderr, quiet=options.quiet)
    try:
        outcome = await rehearse(wishes, display.show)
    except asyncio.CancelledError:
        return INTERRUPTED
    finally:
        display.end()
    found = report.figures(outcome)
    if str(options.json) == "-":
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print(report.text(outcome, len(os.sched_getaffinity(0))))
        if options.json is not None:
            options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if outcome.interrupted:
        return INTERRUPTED
    return 0 if all(check["good"] for check in found["checks"]) else 1


class Display:
    """How far the day is: one line that changes on a terminal, a line every so often elsewhere."""

    def __init__(self, out: TextIO, *, quiet: bool) -> None:
        self._out, self._quiet, self._terminal = out, quiet, out.isatty()
        self._part, self._at, self._width = "", 0.0, 0

    def show(self, progress: Progress) -> None:
        """Tell how far it is."""
        now = time.monotonic()
        if self._quiet or not (self._terminal or progress.part != self._part or now - self._at > LINE_SECONDS):
            return
        self._part, self._at = progress.part, now
        line = said(progress)
        if self._terminal:
            width = os.get_terminal_size(self._out.fileno()).columns - 1
            line = line[:width] if width > 0 else line
            self._out.write(f"\r{line:{self._width}}")
            self._width = len(line)
        else:
            self._out.write(line + "\n")
        self._out.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._out.flush()


def said(progress: Progress) -> str:
    """One line."""
    loss = f"{progress.loss * 100:.2f}".replace(".", ",")
    minutes, seconds = divmod(round(progress.remaining), 60)
    return (
        f"{progress.here:>3} von {progress.invited} da · {progress.watching} sehen zu · "
        f"{progress.commands_per_second:4.0f} Befehle/s · Verlust {loss} % · {progress.memory / 1e6:.0f} MB · "
        f"noch {minutes}:{seconds:02} · {progress.part}"
    )
