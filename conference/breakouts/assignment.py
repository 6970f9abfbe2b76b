"""Places given out fairly, in one go, by a solver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import highspy
import numpy as np

from conference.breakouts.model import Room, cost
from conference.core.errors import ConferenceError


@dataclass(frozen=True)
class Candidate:
    """Somebody who is to get a place.

    Attributes:
        person: any key that tells people apart.
        organisation: "" for nobody's.
        wishes: keys of rooms, the dearest first.
    """

    person: int
    organisation: str
    wishes: tuple[str, ...] = ()


def assign(
    rooms: Sequence[Room],
    candidates: Sequence[Candidate],
    seated: Mapping[int, tuple[str, str]],
    random: Random,
) -> dict[int, str]:
    """Give everybody a place: as many wishes as can be had, then rooms evenly filled and organisations mixed.

    A flow of least cost from people through *organisation in a room* to rooms (people → rooms would know no mixing): a
    linear programme whose corners are whole numbers, solved by HiGHS. Wishes weigh more than all of the rest together,
    so none is ever given up for an evener room. Ties are broken by lot.

    Args:
        rooms: with their whole capacity.
        candidates: who is to get a place.
        seated: who keeps theirs: room and organisation by person; they take up capacity.
        random: the lot.

    Returns:
        The key of a room for each candidate's `person`.

    Raises:
        ConferenceError: ``breakouts.too_small``, with how many places are missing.
    """
    taken = Counter(room for room, _ in seated.values())
    free = {room.key: max(0, room.capacity - taken[room.key]) for room in rooms}
    missing = len(candidates) - sum(free.values())
    if missing > 0:
        raise ConferenceError(
            "breakouts.too_small", f"Es fehlen {missing} Plätze. Bitte zuerst eine Gruppe vergrößern."
        )
    if not candidates:
        return {}
    return _Flow(rooms, candidates, free, taken, Counter(seated.values()), random).solved()


class _Flow:
    """The linear programme of `assign`. Columns: who goes where, how many of an organisation there, how many in all."""

    def __init__(
        self,
        rooms: Sequence[Room],
        candidates: Sequence[Candidate],
        free: Mapping[str, int],
        taken: Mapping[str, int],
        known: Mapping[tuple[str, str], int],
        random: Random,
    ) -> None:
        self.rooms, self.candidates = rooms, candidates
        self.costs: list[float] = []
        self.starts: list[int] = []
        self.rows: list[int] = []
        self.signs: list[float] = []
        people = range(len(candidates))
        organisations = Counter(c.organisation for c in candidates if c.organisation)
        largest = max(room.capacity for room in rooms)
        wish = self._weight(largest, taken)
        # Rows: each person (exactly one place), each organisation in a room, each room (what comes in goes out).
        in_room = {pair: len(candidates) + i for i, pair in enumerate((o, r.key) for o in organisations for r in rooms)}
        of_room = {room.key: len(candidates) + len(in_room) + i for i, room in enumerate(rooms)}
        self.height = len(candidates) + len(in_room) + len(rooms)
        for i in people:
            for room in rooms:
                chance = random.random() / (2 * len(candidates))
                into = in_room.get((candidates[i].organisation, room.key), of_room[room.key])
                self._column(wish * cost(candidates[i].wishes, room.key) + chance, (i, 1.0), (into, 1.0))
        for (organisation, key), row in in_room.items():
            before = known.get((key, organisation), 0)
            for k in range(organisations[organisation]):
                self._column(before + k, (row, -1.0), (of_room[key], 1.0))
        for room in rooms:
            for k in range(min(free[room.key], len(candidates))):
                self._column((taken.get(room.key, 0) + k) * largest // room.capacity, (of_room[room.key], -1.0))

    def _weight(self, largest: int, taken: Mapping[str, int]) -> int:
        """More than evenness and mixing can cost in all."""
        n = len(self.candidates) + sum(taken.values())
        smallest = max(1, min(room.capacity for room in self.rooms))
        return 1 + len(self.candidates) * (n + n * (1 + largest // smallest))

    def _column(self, price: float, *entries: tuple[int, float]) -> None:
        self.starts.append(len(self.rows))
        self.costs.append(price)
        for row, sign in entries:
            self.rows.append(row)
            self.signs.append(sign)

    def solved(self) -> dict[int, str]:
        n, width = len(self.candidates), len(self.costs)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = width, self.height
        model.col_cost_ = np.array(self.costs)
        model.col_lower_, model.col_upper_ = np.zeros(width), np.ones(width)
        model.row_lower_ = model.row_upper_ = np.array([1.0] * n + [0.0] * (self.height - n))
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.array([*self.starts, len(self.rows)])
        model.a_matrix_.index_ = np.array(self.rows)
        model.a_matrix_.value_ = np.array(self.signs)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("solver", "simplex")  # its solutions are corners: nobody is half in one room
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"no assignment found: {solver.getModelStatus()}")
        chosen = np.array(solver.getSolution().col_value[: n * len(self.rooms)]).reshape(n, len(self.rooms)).argmax(1)
        return {c.person: self.rooms[int(i)].key for c, i in zip(self.candidates, chosen, strict=True)}
