"""Which layer of which picture: rules on the choice, whatever the sizes and the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conference.media.layers import Allowance, Wish, allocate, next_step


@dataclass
class Layer:
    """As much of a stream as the choice looks at."""

    cost: int
    height: int
    source: str = "camera"
    living: bool = True

    def alive(self, _now: float) -> bool:
        return self.living


def wish(height: int, *layers: Layer, current: int | None = None) -> Wish:
    streams: list[Any] = list(layers)
    return Wish(streams, height, streams[current] if current is not None else None, 0.0)


def camera() -> list[Layer]:
    return [Layer(150_000, 180), Layer(500_000, 360), Layer(1_800_000, 720)]


PLENTY = Allowance(None, 100_000_000)

layers = st.lists(st.tuples(st.integers(20_000, 900_000), st.booleans()), min_size=0, max_size=3).map(
    lambda parts: [
        Layer(sum(cost for cost, _ in parts[: i + 1]), 180 * 2**i, living=living) for i, (_, living) in enumerate(parts)
    ]
)
wishes = st.lists(
    st.tuples(st.integers(0, 1200), layers).map(lambda pair: wish(pair[0], *pair[1])), min_size=1, max_size=9
)


def test_as_large_as_it_is_shown() -> None:
    heights = (0, 90, 180, 220, 230, 360, 450, 460, 720, 2160)
    chosen = [allocate([wish(height, *camera())], PLENTY)[0] for height in heights]
    assert chosen == [None, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_the_largest_picture_is_served_first() -> None:
    three = [wish(200, *camera()), wish(720, *camera()), wish(200, *camera())]
    assert allocate(three, Allowance(2_500_000, 2_500_000)) == [0, 2, 0]
    assert allocate(three, Allowance(1_000_000, 1_000_000)) == [0, 1, 0]
    assert allocate(three, Allowance(200_000, 200_000)) == [None, 0, None]
    assert allocate(three, Allowance(0, 0)) == [None, None, None]


def test_a_shared_screen_stays_sharp_however_small_it_is_shown() -> None:
    screen = [Layer(600_000, 1080, "screen"), Layer(2_500_000, 1080, "screen")]
    assert allocate([wish(100, *screen)], PLENTY) == [1]
    assert allocate([wish(100, *screen)], Allowance(900_000, 900_000)) == [0]


def test_going_up_takes_more_room_than_staying() -> None:
    just_enough = Allowance(500_000, 500_000)
    assert allocate([wish(360, *camera(), current=1)], just_enough) == [1]
    assert allocate([wish(360, *camera(), current=0)], just_enough) == [0]


def test_a_layer_that_does_not_come_is_passed_over() -> None:
    dead_top, dead_bottom = camera(), camera()
    dead_top[2].living = dead_bottom[0].living = False
    assert allocate([wish(720, *dead_top)], PLENTY) == [1]
    assert allocate([wish(90, *dead_bottom)], PLENTY) == [1]


@given(wishes)
def test_with_room_enough_everything_shown_has_its_size(given_wishes: list[Wish]) -> None:
    assert allocate(given_wishes, PLENTY) == [one.best for one in given_wishes]
    assert next_step(given_wishes, allocate(given_wishes, PLENTY)) == 0


@given(wishes, st.integers(0, 5_000_000))
def test_never_more_than_the_line_carries(given_wishes: list[Wish], limit: int) -> None:
    chosen = allocate(given_wishes, Allowance(limit, limit))
    spent = sum(one.streams[i].cost for one, i in zip(given_wishes, chosen, strict=True) if i is not None)
    assert spent <= limit
    for one, i in zip(given_wishes, chosen, strict=True):
        assert i is None or (one.best is not None and i <= one.best and i in one.living)


@given(wishes, st.integers(0, 5_000_000), st.integers(0, 1_000_000))
def test_more_room_never_makes_the_largest_picture_worse(given_wishes: list[Wish], limit: int, more: int) -> None:
    largest = max(range(len(given_wishes)), key=lambda i: (given_wishes[i].best is not None, given_wishes[i].height))
    less_room = allocate(given_wishes, Allowance(None, limit))[largest]
    more_room = allocate(given_wishes, Allowance(None, limit + more))[largest]
    assert (more_room is None) == (less_room is None)
    if more_room is not None and less_room is not None:
        assert more_room >= less_room or given_wishes.count(given_wishes[largest]) > 1
