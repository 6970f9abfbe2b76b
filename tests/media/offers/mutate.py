"""Real offers, damaged as networks, scripts and enemies damage them; the same ones each time for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from tests.media.offers import real_offers

EXTREMES = ("0", "-1", "255", "65536", "4294967296", "9" * 400, "1e9", "0x10", "٣", "²", "", " ", "NaN")
PIECES = (
    "\0",
    "\r",
    "\n",
    "\r\n",
    "=",
    ":",
    "/",
    ";",
    " ",
    "\t",
    "é",
    "\u2028",
    "\ud7ff",
    "%s",
    "{}",
    "..",
    "a=",
    "m=",
)
_NUMBER = re.compile(r"\d+")


def _bit_flips(text: str, rng: random.Random) -> str:
    characters = list(text)
    for _ in range(rng.choice([1, 3, 20])):
        at = rng.randrange(len(characters))
        characters[at] = chr(ord(characters[at]) ^ 1 << rng.randrange(8))
    return "".join(characters)


def _by_lines(change: Callable[[list[str], random.Random], None]) -> Callable[[str, random.Random], str]:
    def mutate(text: str, rng: random.Random) -> str:
        lines = text.split("\r\n")
        for _ in range(rng.choice([1, 2, 8])):
            change(lines, rng)
        return "\r\n".join(lines)

    return mutate


@_by_lines
def _swap(lines: list[str], rng: random.Random) -> None:
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]


@_by_lines
def _delete(lines: list[str], rng: random.Random) -> None:
    if len(lines) > 1:
        del lines[rng.randrange(len(lines))]


@_by_lines
def _double(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    lines[at:at] = [lines[at]] * rng.choice([1, 2, 30])


def _extremes(text: str, rng: random.Random) -> str:
    numbers = list(_NUMBER.finditer(text))
    chosen = set(rng.sample(range(len(numbers)), min(rng.choice([1, 2, 10]), len(numbers))))
    count = iter(range(len(numbers)))
    return _NUMBER.sub(lambda match: rng.choice(EXTREMES) if next(count) in chosen else match[0], text)


def _truncate(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


def _insert(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(PIECES) * rng.choice([1, 1, 2, 500]) + text[at:]


def _cut_out(text: str, rng: random.Random) -> str:
    at, end = sorted(rng.randrange(len(text)) for _ in range(2))
    return text[:at] + text[end:]


def _graft(text: str, rng: random.Random) -> str:
    other = rng.choice(list(real_offers().values()))
    return text[: rng.randrange(len(text))] + other[rng.randrange(len(other)) :]


MUTATIONS = (_bit_flips, _swap, _delete, _double, _extremes, _truncate, _insert, _cut_out, _graft)


def mutated(count: int, seed: int) -> Iterator[str]:
    """So many damaged offers, each a valid string of Unicode."""
    rng, offers = random.Random(seed), list(real_offers().values())
    weights = [1 / len(offer) for offer in offers]
    for text in rng.choices(offers, weights, k=count):
        for _ in range(rng.choice([1, 1, 1, 2])):
            text = rng.choice(MUTATIONS)(text, rng) or "v=0"
        yield text
