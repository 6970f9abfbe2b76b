"""The rules of the ballot, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.core.errors import ConferenceError
from conference.polls.model import MOVES, Kind, Poll, State, tally

SINGLE = Poll("p", "?", Kind.SINGLE, ("a", "b", "c"))
MULTIPLE = Poll("p", "?", Kind.MULTIPLE, ("a", "b", "c", "d"), max_choices=2)
SCALE = Poll("p", "?", Kind.SCALE, scale_from=1, scale_to=5)
WORDS = Poll("p", "?", Kind.WORDS)


def opened(poll: Poll) -> Poll:
    return poll.check().moved(State.OPEN)


def code(call: Any, *given: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        call(*given)
    return refused.value.code


@pytest.mark.parametrize(
    ("poll", "choice", "kept"),
    [
        (SINGLE, 2, [2]),
        (MULTIPLE, [3, 1], [1, 3]),
        (MULTIPLE, [1, 1, 1], [1]),
        (SCALE, 1, [1]),
        (SCALE, 5, [5]),
        (WORDS, "  Mut   zur\tLücke ", ["Mut zur Lücke"]),
        (WORDS, "Lu\u0308cke", ["Lücke"]),
        (WORDS, "x" * 40, ["x" * 40]),
    ],
)
def test_what_is_kept(poll: Poll, choice: Any, kept: list[Any]) -> None:
    assert opened(poll).cast(1, choice, None) == kept


@pytest.mark.parametrize(
    ("poll", "choice"),
    [
        (SINGLE, 3), (SINGLE, -1), (SINGLE, True), (SINGLE, "a"), (SINGLE, [0]), (SINGLE, 10**30),
        (MULTIPLE, []), (MULTIPLE, [0, 1, 2]), (MULTIPLE, [4]), (MULTIPLE, [True]), (MULTIPLE, 0), (MULTIPLE, [0] * 50),
        (SCALE, 0), (SCALE, 6), (SCALE, "3"), (SCALE, [3]),
        (WORDS, ""), (WORDS, "   "), (WORDS, "x" * 41), (WORDS, "a\u202eb"), (WORDS, "a\x00b"), (WORDS, 5),
        (WORDS, ["a"]),
    ],
)  # fmt: skip
def test_what_a_poll_does_not_offer_is_refused(poll: Poll, choice: Any) -> None:
    assert code(opened(poll).cast, 1, choice, None) == "poll.choice"


INVALID = [
    replace(SINGLE, question=" "),
    replace(SINGLE, question="x" * 501),
    replace(SINGLE, options=("a",)),
    replace(SINGLE, options=tuple("abcdefghijklmnopqrstu")),
    replace(SINGLE, options=("a", "A ")),
    replace(SINGLE, options=("a", "")),
    replace(SINGLE, max_choices=1),
    replace(SINGLE, scale_from=10**30),
    replace(MULTIPLE, max_choices=0),
    replace(MULTIPLE, max_choices=5),
    replace(SCALE, scale_to=None),
    replace(SCALE, scale_from=5),
    replace(SCALE, scale_to=12),
    replace(SCALE, scale_from=-1),
    replace(SCALE, options=("a", "b")),
    replace(WORDS, max_choices=10**30),
    replace(WORDS, anonymous=True, revisable=True),
]


@pytest.mark.parametrize("poll", INVALID, ids=range(len(INVALID)))
def test_a_poll_that_makes_no_sense_is_refused(poll: Poll) -> None:
    assert code(poll.check) == "poll.invalid"


def test_ballots_are_cast_only_while_open_and_for_the_run_that_was_seen() -> None:
    poll = opened(SINGLE)
    assert code(SINGLE.cast, 0, 1, None) == "poll.closed"
    assert code(poll.moved(State.CLOSED).cast, 1, 1, None) == "poll.closed"
    again = poll.moved(State.CLOSED).moved(State.OPEN)
    assert again.run == 2
    assert code(again.cast, 1, 1, None) == "poll.run"
    assert again.cast(2, 1, None) == [1]


def test_a_change_of_mind_is_a_setting() -> None:
    fixed, free = opened(SINGLE), opened(replace(SINGLE, revisable=True))
    assert fixed.cast(1, 1, [1]) is None
    assert code(fixed.cast, 1, 2, [1]) == "poll.voted"
    assert free.cast(1, 2, [1]) == [2]
    assert free.cast(1, 1, [1]) is None
    assert opened(replace(SINGLE, anonymous=True)).cast(1, 2, []) is None


def test_only_drafts_are_edited() -> None:
    assert SINGLE.edited(replace(SCALE, key="other")) == SCALE
    assert code(opened(SINGLE).edited, SCALE) == "poll.not_draft"


@pytest.mark.parametrize("old", list(State))
@pytest.mark.parametrize("new", list(State))
def test_a_poll_moves_as_the_table_says(old: State, new: State) -> None:
    poll = replace(SINGLE, state=old, run=3)
    if new in MOVES.moves[old]:
        assert poll.moved(new) == replace(poll, state=new, run=3 + (new is State.OPEN))
    else:
        assert code(poll.moved, new) == "poll.move"


ANY_POLL = st.one_of(
    st.builds(
        replace,
        st.sampled_from([SINGLE, MULTIPLE]),
        options=st.lists(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=6, unique=True).map(tuple),
        max_choices=st.none(),
    ),
    st.builds(lambda a, n: replace(SCALE, scale_from=a, scale_to=a + n), st.integers(0, 1), st.integers(1, 10)),
    st.just(WORDS),
)
ANY_CHOICE = st.one_of(
    st.integers(-2, 12), st.lists(st.integers(-1, 6), max_size=8), st.text(max_size=50), st.booleans()
)


@given(ANY_POLL, st.lists(ANY_CHOICE, max_size=30))
def test_a_result_counts_every_kept_choice_once(poll: Poll, choices: list[Any]) -> None:
    poll = opened(poll)
    ballots = []
    for choice in choices:
        try:
            kept = poll.cast(1, choice, None)
        except ConferenceError as refusal:
            assert refusal.code == "poll.choice"  # noqa: PT017
        else:
            assert kept is not None
            ballots.append(kept)
            assert poll.cast(1, choice, kept) is None
    result = poll.result(tally(ballots), eligible=92, present=80, voted=len(ballots))
    counts = [n for _, n in result["words"]] if result["counts"] is None else result["counts"]
    assert sum(counts) == sum(len(ballot) for ballot in ballots)
    if poll.kind is Kind.SCALE and ballots:
        assert result["mean"] == round(sum(ballot[0] for ballot in ballots) / len(ballots), 2)


def test_words_that_differ_in_case_alone_are_one_and_the_most_frequent_comes_first() -> None:
    counted = tally([["Mut"], ["zeit"], ["MUT"], ["mut"], ["Zeit"], ["Geld"]])
    assert opened(WORDS).result(counted, eligible=6, present=6, voted=6)["words"] == [
        ["Mut", 3],
        ["zeit", 2],
        ["Geld", 1],
    ]
