"""How long hostile offers keep the server: the worst time of each kind.

Bombs must be refused, and the largest offers within the limits read and answered, within 10 ms; none of 10,000 damaged
real offers may take over 50 ms. Each is read and answered three times, and the quickest counts: what is measured is
the work, not who else used the machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from conference.media import publisher, sdp, viewer
from conference.media.engine import MediaRefused
from tests.media.offers import bombs
from tests.media.offers.mutate import mutated
from tests.media.stage import CERTIFICATE

MARK_BOMBS, MARK_MUTATED = 0.010, 0.050
TRIES = 3
MUTATED = 10_000
TRANSPORT = sdp.Transport("ufrag", "p" * 32, CERTIFICATE.fingerprint, "passive", ["192.0.2.1", "2001:db8::1"], 4000)


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


def run() -> dict[str, tuple[float, str, float]]:
    """What → (worst seconds, which offer, mark in seconds)."""
    refused = worst((name, bomb()) for name, bomb in bombs.REFUSED.items())
    read = worst((name, bomb()) for name, bomb in bombs.READ.items())
    damaged = worst((f"number {i}", offer) for i, offer in enumerate(mutated(MUTATED, seed=3)))
    return {
        "offers made to hurt, refused": (*refused, MARK_BOMBS),
        "the largest offers within the limits": (*read, MARK_BOMBS),
        "10,000 damaged real offers": (*damaged, MARK_MUTATED),
    }


def main() -> int:
    """Print the worst times; 1 if one is over its mark."""
    rows = run()
    for what, (took, which, mark) in rows.items():
        print(f"  {what:40} {took * 1000:6.2f} ms of {mark * 1000:.0f} ms ({which})")
    return int(any(took > mark for took, _, mark in rows.values()))


if __name__ == "__main__":
    raise SystemExit(main())
