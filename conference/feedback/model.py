"""Feedback: a rating in one press, everything else optional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from conference.core.errors import ConferenceError

ASPECT_SCALE = range(1, 6)
COMMENT_LENGTH = 4000


@dataclass(frozen=True)
class Form:
    """What is asked at the end.

    Attributes:
        lowest, highest: the rating's scale, inclusive.
        previous: ``{label, mean, participants}`` of the conference to compare with, or None.
    """

    question: str
    lowest: int
    highest: int
    aspects: tuple[str, ...] = ()
    comment: str | None = None
    previous: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, extra: Mapping[str, Any]) -> Form:
        """The form in a feedback session's part of the programme."""
        rating = extra.get("rating") or {}
        return cls(
            rating.get("question", "Wie hat Ihnen die Konferenz gefallen?"),
            rating.get("from", 1),
            rating.get("to", 10),
            tuple(extra.get("aspects", ())),
            extra.get("comment"),
            extra.get("previous"),
        )

    def as_dict(self) -> dict[str, Any]:
        """As pages get it."""
        return {
            "question": self.question,
            "from": self.lowest,
            "to": self.highest,
            "aspects": list(self.aspects),
            "comment": self.comment,
            "previous": dict(self.previous) if self.previous else None,
        }


@dataclass(frozen=True)
class Answer:
    """One person's feedback."""

    rating: int
    aspects: Mapping[str, int] = field(default_factory=dict)
    comment: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"rating": self.rating, "aspects": dict(self.aspects), "comment": self.comment}


def give(
    form: Form,
    earlier: Answer | None,
    rating: int | None,
    aspects: Mapping[str, int] | None,
    comment: str | None,
) -> Answer:
    """The answer after what was sent now; None leaves that part as it was.

    Raises:
        ConferenceError: ``feedback.rating``, ``feedback.aspect``, ``feedback.comment``.
    """
    if rating is None and earlier is None:
        raise ConferenceError("feedback.rating", "Bitte zuerst eine Zahl wählen.")
    if rating is not None and not form.lowest <= rating <= form.highest:
        raise ConferenceError("feedback.rating", f"Bitte eine Zahl von {form.lowest} bis {form.highest} wählen.")
    for name, value in (aspects or {}).items():
        if name not in form.aspects or value not in ASPECT_SCALE:
            raise ConferenceError("feedback.aspect", "Diese Bewertung steht nicht zur Wahl.")
    if comment is not None and (len(comment) > COMMENT_LENGTH or (comment and form.comment is None)):
        raise ConferenceError("feedback.comment", f"Bitte höchstens {COMMENT_LENGTH} Zeichen.")
    base = earlier or Answer(rating or form.lowest)
    return replace(
        base,
        rating=base.rating if rating is None else rating,
        aspects={**base.aspects, **(aspects or {})},
        comment=base.comment if comment is None else comment.strip(),
    )


def summary(form: Form, answers: Iterable[Answer], eligible: int) -> dict[str, Any]:
    """Mean (2 digits), distribution per value, response rate (per cent, 1 digit), aspects and comparison."""
    answers = list(answers)
    ratings = [a.rating for a in answers]
    mean = round(fmean(ratings), 2) if ratings else None
    previous = form.previous or {}
    return {
        "question": form.question,
        "from": form.lowest,
        "to": form.highest,
        "eligible": eligible,
        "answered": len(ratings),
        "response_rate": round(100 * len(ratings) / eligible, 1) if eligible else 0.0,
        "mean": mean,
        "distribution": [ratings.count(value) for value in range(form.lowest, form.highest + 1)],
        "aspects": [_aspect(name, answers) for name in form.aspects],
        "comments": sorted(a.comment for a in answers if a.comment),
        "previous": dict(previous) or None,
        "difference": round(mean - previous["mean"], 2) if mean is not None and "mean" in previous else None,
    }


def _aspect(name: str, answers: Sequence[Answer]) -> dict[str, Any]:
    values = [a.aspects[name] for a in answers if name in a.aspects]
    return {"name": name, "mean": round(fmean(values), 2) if values else None, "answered": len(values)}
