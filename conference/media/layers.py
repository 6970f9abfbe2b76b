"""Which layer of which picture a viewer gets: as large as it is shown, and as much as the line carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from conference.media.feed import Stream

FULL = 1080
ENLARGED = 1.25  # by so much a layer may be enlarged before the next larger one is worth its bytes
HEADROOM = 1.1  # a larger layer is taken if there is so much more than it needs


@dataclass(frozen=True)
class Wish:
    """One picture on a viewer's page.

    Attributes:
        streams: the layers that the viewer may have, the smallest first.
        height: physical pixels in which it is shown; 0: not at all.
        current: the layer it gets now or is about to.
        now: monotonic seconds.
    """

    streams: Sequence[Stream]
    height: int
    current: Stream | None
    now: float

    @property
    def living(self) -> list[int]:
        """Indices of the layers whose packets come; of a feed that has not begun, all."""
        alive = [i for i, stream in enumerate(self.streams) if stream.alive(self.now)]
        return alive or list(range(len(self.streams)))

    @property
    def best(self) -> int | None:
        """The layer for this size, if bandwidth were no concern. A shared screen stays sharp: always its largest."""
        living = self.living
        if not living or self.height <= 0:
            return None
        if self.streams[living[-1]].source == "screen":
            return living[-1]
        enough = (i for i in living if self.streams[i].height * ENLARGED >= self.height)
        return next(enough, living[-1])

    @property
    def current_index(self) -> int | None:
        """Which of the layers it gets now."""
        return next((i for i, stream in enumerate(self.streams) if stream is self.current), None)


class Allowance(NamedTuple):
    """What pictures may cost, in bits per second.

    Attributes:
        least: for the smallest layers; None: as much as they need. Where the line is known to be too narrow even for
            these, pictures stop and the sound goes on.
        more: for going beyond the smallest layers.
    """

    least: int | None
    more: int


def allocate(wishes: Sequence[Wish], allowance: Allowance) -> list[int | None]:
    """The layer for each wish, None for nothing.

    Everything that is shown gets its smallest layer first, in order of size; then the largest picture is raised as far
    as it is good for, then the next; pictures of one size are raised in turn.
    """
    chosen: list[int | None] = [None] * len(wishes)
    order = sorted((i for i, wish in enumerate(wishes) if wish.best is not None), key=lambda i: -wishes[i].height)
    spent = 0
    for i in order:
        smallest = wishes[i].living[0]
        cost = wishes[i].streams[smallest].cost
        if allowance.least is None or spent + cost <= allowance.least:
            chosen[i] = smallest
            spent += cost
    for height in dict.fromkeys(wishes[i].height for i in order):
        alike = [i for i in order if wishes[i].height == height and chosen[i] is not None]
        while alike:
            raised = [_raise(wishes[i], chosen, i, allowance.more - spent) for i in alike]
            spent += sum(raised)
            alike = [i for i, more in zip(alike, raised, strict=True) if more]
    return chosen


def _raise(wish: Wish, chosen: list[int | None], i: int, left: int) -> int:
    """Take one layer more for a picture, if it is good for it and there is enough left; what that costs, 0 if not."""
    step = _step(wish, chosen[i])
    if step is None:
        return 0
    upper, cost = step
    current = wish.current_index
    needed = cost if current is not None and upper <= current else cost * HEADROOM
    if needed > left:
        return 0
    chosen[i] = upper
    return max(cost, 1)


def _step(wish: Wish, index: int | None) -> tuple[int, int] | None:
    """The next larger layer worth having and what it costs more."""
    best = wish.best
    if best is None or index is None or index >= best:
        return None
    upper = next(i for i in wish.living if i > index)
    return upper, wish.streams[upper].cost - wish.streams[index].cost


def least(wishes: Sequence[Wish]) -> int:
    """Bits per second of the smallest layers of all that is shown."""
    return sum(wish.streams[wish.living[0]].cost for wish in wishes if wish.best is not None)


def next_step(wishes: Sequence[Wish], chosen: Sequence[int | None]) -> int:
    """Bits per second that the most important picture would need more than it has; 0 where all is well."""
    for i in sorted(range(len(wishes)), key=lambda i: -wishes[i].height):
        index = chosen[i]
        if index is None and wishes[i].best is not None:
            return wishes[i].streams[wishes[i].living[0]].cost
        step = _step(wishes[i], index)
        if step is not None:
            return int(step[1] * HEADROOM)
    return 0
