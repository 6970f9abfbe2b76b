"""How long hostile offers keep the server: the worst time of each kind.

Bombs must be refused, and the largest offers within the limits read and answered, within 10 ms; none of 10,000 damaged
real offers may take over 50 ms. Each is read and answered three times, and the quickest counts: what is measured is
the work, not who else used the machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from conference.media import publisher, sdp, viewer
from conference.media.engine import MediaRefused
from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.media.offers import bombs
from tests.media.offers.mutate import mutated
from tests.media.stage import CERTIFICATE

TITLE = "Offers made to hurt"
REFUSED, READ, DAMAGED = "SDP bombs refused", "largest offers within the limits", "10,000 damaged real offers"
MARKS = {REFUSED: 0.010, READ: 0.010, DAMAGED: 0.050}
TRIES = 3
MUTATED = 10_000
TRANSPORT = sdp.Transport("ufrag", "p" * 32, CERTIFICATE.fingerprint, "passive", ["192.0.2.1", "2001:db8::1"], 4000)

Result = dict[str, tuple[float, str]]


def answer(offer: str) -> bool:
    """Do all that an offer leads to before a connection is made; whether it was accepted."""
    try:
        parsed = sdp.parse(offer)
    except MediaRefused:
        return False
    for accepted in (publisher.acceptable(parsed), viewer.acceptable(parsed)[0]):
        if accepted:
            sdp.answer(parsed, TRANSPORT, 1, accepted)
    return True


def seconds(offer: str) -> float:
    """How long that takes at best."""
    best = float("inf")
    for _ in range(TRIES):
        began = time.perf_counter()
        answer(offer)
        best = min(best, time.perf_counter() - began)
    return best


def worst(offers: Iterable[tuple[str, str]]) -> tuple[float, str]:
    """The longest time of all, and the name of that offer."""
    return max((seconds(offer), name) for name, offer in offers)


def run() -> Result:
    """What → (worst seconds, which offer)."""
    return {
        REFUSED: worst((name, bomb()) for name, bomb in bombs.REFUSED.items()),
        READ: worst((name, bomb()) for name, bomb in bombs.READ.items()),
        DAMAGED: worst((f"number {i}", offer) for i, offer in enumerate(mutated(MUTATED, seed=3))),
    }


def table(result: Result) -> str:
    """For people."""
    return "\n".join(f"  {what:40} {took * 1000:6.2f} ms ({which})" for what, (took, which) in result.items())


def figures(result: Result) -> list[Figure]:
    """The rows for the table."""
    how = "parsed and answered; the quickest of three tries each"
    return [
        Figure(f"{what}, worst", f"≤ {mark * 1000:.0f} ms", f"{took * 1000:.1f} ms", took <= mark, how)
        for what, mark in MARKS.items()
        for took in [result[what][0]]
    ]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
