"""The rating at the end: one press, everything else optional, changeable until the session ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.core.errors import ConferenceError
from conference.feedback.model import Answer, Form, give, summary
from tests.house import ANNA, BERND, MODERATOR, PRODUCTION
from tests.the_day import END
from tests.visits import open_room

PREVIOUS = {"label": "8. Konferenz", "mean": 8.2, "participants": 92}
FORM = Form("Wie war's?", 1, 10, ("Inhalte", "Technik"), "Und sonst?", PREVIOUS)


def code(*given: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        give(FORM, *given)
    return refused.value.code


def test_what_is_not_said_stays_as_it_was() -> None:
    first = give(FORM, None, 8, None, None)
    assert first == Answer(8, {}, "")
    second = give(FORM, first, None, {"Technik": 5}, " Mehr Pausen ")
    assert second == Answer(8, {"Technik": 5}, "Mehr Pausen")
    assert give(FORM, second, 9, {"Inhalte": 1}, "") == Answer(9, {"Technik": 5, "Inhalte": 1}, "")


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ((None, None, {"Technik": 5}, None), "feedback.rating"),
        ((None, 0, None, None), "feedback.rating"),
        ((None, 11, None, None), "feedback.rating"),
        ((None, 8, {"Essen": 5}, None), "feedback.aspect"),
        ((None, 8, {"Technik": 0}, None), "feedback.aspect"),
        ((None, 8, {"Technik": 6}, None), "feedback.aspect"),
        ((None, 8, None, "x" * 4001), "feedback.comment"),
    ],
)
def test_what_is_not_asked_is_refused(answer: tuple[Any, ...], refusal: str) -> None:
    assert code(*answer) == refusal


@given(st.lists(st.integers(1, 10), max_size=40))
def test_the_summary_counts_every_answer(ratings: list[int]) -> None:
    found = summary(FORM, [Answer(rating) for rating in ratings], 92)
    assert found["answered"] == sum(found["distribution"]) == len(ratings)
    assert len(found["distribution"]) == 10
    mean = round(sum(ratings) / len(ratings), 2) if ratings else None
    assert found["mean"] == mean
    assert found["difference"] == (None if mean is None else round(mean - 8.2, 2))
    assert found["response_rate"] == round(100 * len(ratings) / 92, 1)


def test_aspects_and_comments_are_summed_up_without_names() -> None:
    answers = [Answer(8, {"Technik": 5}, "b"), Answer(9, {"Technik": 4, "Inhalte": 3}, "a"), Answer(7)]
    found = summary(FORM, answers, 0)
    assert found["aspects"] == [
        {"name": "Inhalte", "mean": 3.0, "answered": 1},
        {"name": "Technik", "mean": 4.5, "answered": 2},
    ]
    assert (found["comments"], found["response_rate"]) == (["a", "b"], 0.0)


async def test_feedback_opens_with_its_session_and_closes_with_it(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, phone, bernd = [await room.enter(email, END) for email in (MODERATOR, ANNA, ANNA, BERND)]
        body: dict[str, Any] = {"session": END, "rating": 8, "aspects": None, "comment": None}
        for session in (END, "live-1"):
            with pytest.raises(ConferenceError, match=r"feedback\.not_open"):
                await room.do(anna, "feedback.rate", **{**body, "session": session})
        await room.do(moderator, "session.move", session=END, to="live")
        await room.do(anna, "feedback.rate", **body)
        await room.do(anna, "feedback.rate", **body)
        await room.do(phone, "feedback.rate", **{**body, "rating": 9, "comment": "Gut"})
        mine = [(await room.snapshot(visit))["feedback"]["mine"] for visit in (anna, phone, bernd)]
        assert mine == [{"rating": 9, "aspects": {}, "comment": "Gut"}] * 2 + [None]
        told = [[f["name"] for f in v.outbox.facts if f["name"] == "feedback.given"] for v in (anna, phone, bernd)]  # type: ignore[attr-defined]
        assert [len(facts) for facts in told] == [2, 2, 0]
        await room.hall._send_signals()
        assert [visit.outbox.signals.get("rating") for visit in (anna, bernd)] == [None, None]  # type: ignore[attr-defined]
        rating = moderator.outbox.signals["rating"]  # type: ignore[attr-defined]
        assert (rating["answered"], rating["mean"], sorted(rating)) == (
            1,
            9.0,
            ["answered", "distribution", "eligible", "mean", "session"],
        )
        await room.do(moderator, "session.move", session=END, to="ended")
        with pytest.raises(ConferenceError, match=r"feedback\.not_open"):
            await room.do(anna, "feedback.rate", **body)


async def test_production_rates_nothing_and_sees_no_ratings(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        production = await room.enter(PRODUCTION, END)
        with pytest.raises(ConferenceError, match="not_allowed"):
            await room.do(production, "feedback.rate", session=END, rating=8, aspects=None, comment=None)
        assert (await room.snapshot(production))["signals"]["rating"] is None
