"""The ``conference`` command at an hour of our choosing: ``python -m tests.browser.clocked FILE …``.

The file holds by how many seconds this clock is ahead of the machine's, and may be written anew while the server runs.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conference import cli
from conference.core.clock import SystemClock


def turn(file: Path, now: datetime) -> None:
    """Set the clock to an instant."""
    ahead = (now - datetime.now(UTC)).total_seconds()
    waiting = file.with_suffix(".new")
    waiting.write_text(str(ahead), "ascii")
    waiting.rename(file)


def main() -> int:
    """Run the command that the other arguments name."""
    file = Path(sys.argv.pop(1))
    SystemClock.now = lambda _clock: datetime.now(UTC) + timedelta(seconds=float(file.read_text("ascii")))  # type: ignore[method-assign]
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
