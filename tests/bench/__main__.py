"""All benchmarks, one after the other."""

from __future__ import annotations

import sys

from tests.bench import hall, media, reconnect


def main() -> int:
    """Run them; the exit code is the number of those that came to a wrong result."""
    failed = 0
    benchmarks = (
        ("The media plane", media.main),
        ("The hall", hall.main),
        ("Back in picture", reconnect.main),
    )
    for title, benchmark in benchmarks:
        print(f"\n{title}\n", flush=True)
        failed += bool(benchmark())
    return failed


if __name__ == "__main__":
    sys.exit(main())
