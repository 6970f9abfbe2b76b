"""Places given out: nobody without one, no room too full, wishes as good as can be, locked places kept."""

from __future__ import annotations

from collections import Counter
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.breakouts.assignment import Candidate, assign
from conference.breakouts.model import Outcome, Room, cost, emptiest, outcome, read_wishes
from conference.core.errors import ConferenceError

KEYS = ("ag1", "ag2", "ag3", "ag4")


def rooms_of(capacities: list[int]) -> list[Room]:
    return [
        Room(key, f"AG {n} – Thema {n}", size) for n, (key, size) in enumerate(zip(KEYS, capacities, strict=False), 1)
    ]


@st.composite
def cases(draw: st.DrawFn, people: int = 6, largest: int = 5) -> tuple[list[Room], list[Candidate]]:
    rooms = rooms_of(draw(st.lists(st.integers(1, largest), min_size=1, max_size=len(KEYS))))
    places = sum(room.capacity for room in rooms)
    wishes = st.lists(st.sampled_from([room.key for room in rooms]), max_size=3, unique=True).map(tuple)
    count = draw(st.integers(0, min(places, people)))
    drawn = [(draw(st.sampled_from(["", "IHK", "Stadt"])), draw(wishes)) for _ in range(count)]
    return rooms, [Candidate(n, organisation, wished) for n, (organisation, wished) in enumerate(drawn)]


def price(candidates: list[Candidate], given: tuple[str, ...]) -> int:
    return sum(cost(each.wishes, room) for each, room in zip(candidates, given, strict=True))


def spread(rooms: list[Room], candidates: list[Candidate], given: tuple[str, ...]) -> int:
    """How unevenly rooms are filled and how much organisations sit together, as a whole number."""
    largest = max(room.capacity for room in rooms)
    full = Counter(given)
    together = Counter((c.organisation, r) for c, r in zip(candidates, given, strict=True) if c.organisation)
    uneven = sum(k * largest // room.capacity for room in rooms for k in range(full[room.key]))
    return uneven + sum(k for count in together.values() for k in range(count))


@settings(max_examples=150)
@given(case=cases(), seed=st.integers())
def test_it_is_as_good_as_trying_everything(case: tuple[list[Room], list[Candidate]], seed: int) -> None:
    rooms, candidates = case
    found = assign(rooms, candidates, {}, Random(seed))
    mine = tuple(found[each.person] for each in candidates)
    limits = {room.key: room.capacity for room in rooms}
    possible = [
        choice
        for choice in product(limits, repeat=len(candidates))
        if all(count <= limits[room] for room, count in Counter(choice).items())
    ]
    assert mine in possible
    best = min((price(candidates, p), spread(rooms, candidates, p)) for p in possible)
    assert (price(candidates, mine), spread(rooms, candidates, mine)) == best


@settings(max_examples=40)
@given(case=cases(people=60, largest=20), seed=st.integers(), locked=st.integers(0, 20))
def test_everybody_is_somewhere_and_no_room_is_too_full(
    case: tuple[list[Room], list[Candidate]], seed: int, locked: int
) -> None:
    rooms, candidates = case
    first = assign(rooms, candidates, {}, Random(seed))
    kept = {c.person: (first[c.person], c.organisation) for c in candidates[:locked]}
    rest = candidates[locked:]
    again = assign(rooms, rest, kept, Random(seed + 1))
    assert set(again) == {each.person for each in rest}
    full = Counter([*again.values(), *(room for room, _ in kept.values())])
    assert all(full[room.key] <= room.capacity for room in rooms)
    assert set(full) <= {room.key for room in rooms}


def test_too_few_places_are_named() -> None:
    with pytest.raises(ConferenceError, match=r"too_small: Es fehlen 2 Plätze"):
        assign(rooms_of([1]), [Candidate(n, "") for n in range(3)], {}, Random(1))


def test_shuffling_is_by_lot() -> None:
    people = [Candidate(n, "") for n in range(20)]
    one, other = (assign(rooms_of([10, 10]), people, {}, Random(seed)) for seed in (1, 2))
    assert one != other
    assert Counter(one.values()) == Counter(other.values()) == {"ag1": 10, "ag2": 10}


def test_colleagues_are_mixed() -> None:
    people = [Candidate(n, "IHK" if n < 4 else "") for n in range(8)]
    given = assign(rooms_of([2, 2, 2, 2]), people, {}, Random(5))
    assert sorted(given[n] for n in range(4)) == list(KEYS)


def test_wishes_are_counted() -> None:
    places = [
        (("ag1",), "ag1"),
        (("ag2", "ag1"), "ag1"),
        (("ag2", "ag3", "ag4"), "ag4"),
        (("ag2",), "ag1"),
        ((), "ag1"),
    ]
    assert outcome(places) == Outcome((1, 1, 1), 1, 1)


def test_wishes_are_understood_as_people_write_them() -> None:
    rooms = rooms_of([1, 1, 1])
    assert read_wishes(rooms, ["ag2", " AG 3 ", "1", "AG 2 – Thema 2", "Sport"]) == ("ag2", "ag3", "ag1")


def test_latecomers_go_where_most_room_is() -> None:
    rooms = rooms_of([10, 4])
    assert emptiest(rooms, {"ag1": 5, "ag2": 1}) == "ag2"
    assert emptiest(rooms, {"ag1": 10, "ag2": 4}) is None
