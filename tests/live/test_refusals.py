"""Every command × every role × every foreign id is refused, and nothing happens: made from the registry itself."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conference.core.errors import ConferenceError
from conference.core.roles import MAY, Permission, Role, may
from conference.hall.visit import Visit
from conference.live.registry import COMMANDS
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER
from tests.live.test_gateway import DECIDED_BY_THE_BODY
from tests.the_day import (
    END,
    GROUPS,
    LIVE,
    MEMBER,
    OTHER,
    STAFF,
    draft,
    whole_day,
)
from tests.visits import Crowd, open_room

ELSEWHERE = "live-2"
IN_A_SESSION = {
    "participant": ANNA, "another participant": BERND, "speaker": SPEAKER, "moderator": MODERATOR,
    "moderator of a group": "ag1@example.org", "organiser": ORGANISER, "production": PRODUCTION, "venue": None,
}  # fmt: skip
PEOPLE = {f"{who} of {key}": (IN_A_SESSION[who], key) for key in (LIVE, GROUPS, ELSEWHERE, END) for who in IN_A_SESSION}
SOMEBODY_ELSE = "ildiko.beyer@example.org"
CALLED = {
    **{who: f"{who} of {LIVE}" for who in IN_A_SESSION},
    "somebody at the end": f"another participant of {END}",
    "moderator at the end": f"moderator of {END}",
    MEMBER: f"participant of {GROUPS}",
    OTHER: f"another participant of {GROUPS}",
    STAFF: f"moderator of {GROUPS}",
}
"""What people are called in `the_day`."""

# --- what the fields of commands name ---------------------------------------------------------------------------------

FREE = frozenset(
    {
        "text", "options", "kind", "choice", "comment", "aspects", "rating", "minutes", "seconds", "up", "on", "to",
        "back", "open", "approval", "anonymous", "hands", "reactions", "hidden", "muted", "audio", "video", "locked",
        "capacity", "swaps", "choosing", "staying", "done", "fresh", "at_once", "following", "light", "state",
        "update", "field", "cursor", "max_choices", "scale_from", "scale_to", "revisable",
        "called", "screen", "named", "paused", "position",
        "feed", "sure",
    }
)  # fmt: skip
"""Fields that name nothing that could be somebody else's."""
ALSO = {("talkback.speak", "to"): "person"}
"""Fields that name what others of their name do not."""
OWN = frozenset(
    {
        ("question.ask", "question"), ("chat.say", "message"), ("direction.add", "cue"),
        ("poll.create", "question"), ("poll.edit", "question"),
    }
)  # fmt: skip
"""Keys that a page makes up for something new, and a question's words."""
FOREIGN: dict[str, dict[str, Any]] = {
    "session": {"unknown": "gibt-es-nicht", "another": ELSEWHERE, "another still": LIVE},
    "person": {"unknown": "p-gibt-es-nicht", "of another kind": LIVE},
    "poll": {"unknown": "gibt-es-nicht", "of another kind": "ag1"},
    "question": {"unknown": "q-9999999999999999", "another session's": "q-of-another-session"},
    "into": {"unknown": "q-9999999999999999", "another session's": "q-of-another-session"},
    "message": {"unknown": "m-9999999999999999", "another session's": "m-of-another-session"},
    "room": {"unknown": "gibt-es-nicht", "another's": "ag4", "of another kind": LIVE},
    "rooms": {"unknown": ["ag1", "gibt-es-nicht"], "of another kind": [LIVE]},
    "groups": {"unknown": "gibt-es-nicht"},
    "help": {"unknown": "help-nothing", "of another kind": "ag1"},
    "part": {"unknown": "gibt-es-nicht", "of another kind": LIVE},
    "cue": {"unknown": "gibt-es-nicht", "of another kind": LIVE},
    "before": {"unknown": "gibt-es-nicht", "of another kind": LIVE},
    "of": {"unknown": "gibt-es-nicht"},
    "target": {"unknown": "gibt-es-nicht"},
    "source": {},
    "run": {"unknown": 99},
    "version": {"unknown": 99},
    "step": {"unknown": 99},
}
"""By field: ids that there are not, that are another session's or room's, that name something of another kind."""
NUMBERS = frozenset({"run", "version", "step"})
WRONG: list[Any] = [1.5, True, {}, {"a": 1}]
"""No id is like this, nor a number for a text or the other way round."""
OF_A_SESSION = frozenset({"poll", "question", "into", "message", "room", "rooms", "help", "part", "run"})
"""Whoever names one of these names it in its session."""
OF_A_ROOM = frozenset(
    {
        "board.open", "board.write", "board.point", "board.mark", "breakouts.tracks", "stage.set_tracks",
        "stage.call_off", "chat.say", "chat.read", "chat.type", "chat.watch",
    }
)  # fmt: skip
"""Commands by which people reach into their own room, or themselves, and moderators everywhere."""
OF_GROUPS = frozenset({"board.show", "board.order"})
"""Commands whose session is not the one whose rooms they name."""
CODES = {
    **{
        (f"chat.{verb}", key): "not_allowed" for verb in ("say", "read", "type", "watch") for key in ("room", "session")
    },
    ("board.order", "rooms"): "bad_request",
    **{(f"board.{verb}", field): "board.foreign" for verb in ("write", "mark") for field in ("room", "session")},
    ("board.open", "room"): "board.foreign",
    ("board.open", "session"): "bad_request",
    ("board.point", "room"): "bad_request",
    ("board.point", "session"): "bad_request",
    ("direction.add", "target"): "direction.invalid",
    **{(f"direction.{verb}", "step"): "direction.done" for verb in ("next", "skip", "undo", "shift")},
    ("film.start", "part"): "film.part",
    ("film.start", "session"): "film.part",
    ("film.stop", "part"): "ok",  # what does not run stays so
    ("film.stop", "session"): "ok",
    ("pause.extend", "version"): "pause.changed",
    ("pause.skip", "step"): "ok",  # a step that is not the present one stays as it is
    ("poll.vote", "run"): "poll.run",
}
"""What a foreign id is answered where that is not ``not_found``: by command and field. Never does anything happen."""
BEFORE_ANY_ID = {
    name: {"breakouts.staff", "breakouts.locked"} for name in ("breakouts.wish", "breakouts.choose", "breakouts.swap")
}
"""Refusals for which no id is looked at."""


def test_every_field_of_every_command_is_known_here() -> None:
    fields = {(name, key) for name, command in COMMANDS.items() for key in command.body.model_fields}
    assert {(name, key) for name, key in fields if key not in FREE and key not in FOREIGN} == set()
    assert OWN | set(CODES) <= fields
    assert {visit.removesuffix(f" of {LIVE}") for visit in PEOPLE} >= {role.value for role in MAY}


async def test_foreign_ids_and_other_roles_are_refused_and_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conference.hall.hall.HEARTBEAT_SECONDS", 3600.0)  # nobody else writes meanwhile
    async with open_room(tmp_path) as room:
        crowd = Crowd(room)
        await crowd.come({**PEOPLE, "somebody else": (SOMEBODY_ELSE, LIVE)})
        crowd.visits |= {name: crowd.visits[who] for name, who in CALLED.items()}
        day = whole_day(crowd.id("speaker"))
        with contextlib.closing(sqlite3.connect(tmp_path / "conference.db")) as db:
            trial = Trial(crowd, await _foreign(crowd), db)
            for who, command, body in day:
                if command in COMMANDS and command not in trial.tried:
                    await trial.everybody(CALLED[who], command, await crowd.named(body))
                await crowd.play(who, command, body)
    assert trial.wrong == [], "\n".join(trial.wrong)
    assert set(trial.tried) == set(COMMANDS)
    assert min(trial.tried[name] for name, command in COMMANDS.items() if command.may) > len(WRONG) * len(IN_A_SESSION)


async def _foreign(crowd: Crowd) -> dict[str, dict[str, Any]]:
    """A poll, a question and a message of another session; ids of all of these."""
    here, do = {"session": ELSEWHERE}, crowd.room.do
    moderator, anna = crowd.visits["moderator"], crowd.visits["participant"]
    poll = (await do(moderator, "poll.create", **here, **draft()))["poll"]
    await do(anna, "question.ask", **here, question="q-of-another-session", text="Wer?", anonymous=False)
    await do(anna, "chat.say", **here, message="m-of-another-session", text="Guten Tag")
    of_another = {"another session's": poll}
    return {
        **FOREIGN,
        "poll": FOREIGN["poll"] | of_another,
        "target": FOREIGN["target"] | of_another,
        "person": FOREIGN["person"] | {"another's": crowd.id("somebody else")},
    }


class Trial:
    """Tries commands that must be refused, and looks from outside whether anything was written, told or changed."""

    def __init__(self, crowd: Crowd, foreign: dict[str, dict[str, Any]], db: sqlite3.Connection) -> None:
        self._crowd, self._foreign, self._db = crowd, foreign, db
        self.tried: dict[str, int] = {}
        self.wrong: list[str] = []

    async def everybody(self, actor: str, command: str, body: dict[str, Any]) -> None:
        """A command that `actor` is about to carry out, by everybody and with every id that is wrong."""
        self.tried[command] = 0
        for who, (_, session) in PEOPLE.items():
            if body.get("session") in (None, session):
                for field, label, value in self._changes(command, body):
                    await self._one(who, actor, command, body, field, label, value)

    def _changes(self, command: str, body: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
        """A field, what is wrong with it, its value; at first nothing is wrong."""
        yield "", "", None
        for field in COMMANDS[command].body.model_fields:
            kind = ALSO.get((command, field), field)
            if kind in self._foreign and (command, field) not in OWN:
                ids = self._foreign[kind].items()
                yield from ((field, label, value) for label, value in ids if value != body.get(field))
                yield from ((field, "type", value) for value in [*WRONG, *(["1"] if field in NUMBERS else [1])])

    async def _one(
        self, who: str, actor: str, command: str, body: dict[str, Any], field: str, label: str, value: Any
    ) -> None:
        visit = self._crowd.visits[who]
        role = await self._role(visit, value if field == "session" else body.get("session"))
        wanted = _wanted(command, role, field, label, body)
        if wanted is None:
            return
        changed = {field: value} if field else {}
        if field == "target":
            changed["kind"] = "poll.open"
        before = self._all(visit)
        answer = await self._crowd.room.gateway._answer(f"{command} {who}", visit, [command, {**body, **changed}])
        code = "ok" if answer["ok"] else answer["error"]["code"]
        first = BEFORE_ANY_ID.get(command, set()) if who != actor and wanted == "not_found" else set()
        if code not in {wanted} | first or self._all(visit) != before:
            self.wrong.append(f"{command} by {who}, {field} {label} {value!r}: {code} instead of {wanted}")
        self.tried[command] += 1

    async def _role(self, visit: Visit, session: Any) -> Role | None:
        """Somebody's role in a session; None where there is no such session."""
        if not isinstance(session, str):
            return visit.person.role
        with contextlib.suppress(ConferenceError):
            return await self._crowd.room.hall.role(visit, session)
        return None

    def _all(self, visit: Visit) -> tuple[Any, ...]:
        """What would be another one after anything happened: the database's version changes with every commit of
        anybody else (https://sqlite.org/pragma.html#pragma_data_version).
        """
        [[version]] = self._db.execute("PRAGMA data_version")
        ear: Any = visit.outbox
        return version, len(ear.facts), set(visit.joined), visit.monitors, visit.reads, visit.rooms, visit.room


def _wanted(command: str, role: Role | None, field: str, label: str, body: dict[str, Any]) -> str | None:
    """The code with which it must be refused; None if it is right."""
    if label == "type":
        return "bad_request"
    if role is None:
        return "not_found"
    moderates = may(role, Permission.MODERATE)
    somebody = field == "person" and command in OF_A_ROOM and moderates
    needed = COMMANDS[command].may if somebody else DECIDED_BY_THE_BODY.get(command, COMMANDS[command].may)
    if needed is not None and not may(role, needed):
        return "not_allowed"
    named = {key for key in OF_A_SESSION & set(body) if (command, key) not in OWN and command not in OF_GROUPS}
    right = {
        "": True,
        "another's": moderates or command not in OF_A_ROOM,
        "another": not named,
        "another still": not named,
    }
    if right.get(label, False):
        return None
    if field == "person" and command in OF_A_ROOM and not moderates:
        return "not_allowed"
    return CODES.get((command, field), "not_found")
