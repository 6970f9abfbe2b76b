"""What is written down is what is there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from conference.breakouts import facts as breakout_facts
from conference.breakouts.boards import facts as board_facts
from conference.chat import facts as chat_facts
from conference.cli import _parser
from conference.config import Settings
from conference.core.facts import Fact
from conference.core.roles import Permission
from conference.direction import facts as direction_facts
from conference.feedback import facts as feedback_facts
from conference.films import facts as film_facts
from conference.live.gateway import COMMANDS
from conference.pauses import facts as pause_facts
from conference.polls import facts as poll_facts
from conference.questions import facts as question_facts
from conference.sessions import facts as session_facts

ROOT = Path(__file__).parent.parent
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text("utf-8")
SIGNALS = {
    "board", "devices", "feeds", "foldback", "groups", "health", "media", "pause", "presence", "rating", "speaking",
    "tally", "writers", "reactions", "typing", "votes",
}  # fmt: skip


def section(title: str) -> list[list[str]]:
    """The cells of the table under a heading of docs/protocol.md, without its head."""
    _, _, rest = PROTOCOL.partition(f"## {title}")
    rows = [line for line in re.split(r"\n##", rest)[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def names(rows: list[list[str]]) -> list[str]:
    """What the first cells of a table name."""
    return [name for row in rows for name in re.findall(r"`([a-z_.]+)`", row[0])]


def facts() -> dict[str, type[Fact]]:
    """Every fact there is."""
    modules = (
        session_facts, poll_facts, feedback_facts, pause_facts, breakout_facts, direction_facts, board_facts,
        question_facts, chat_facts, film_facts,
    )  # fmt: skip
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    return {kind.name: kind for kind in kinds if issubclass(kind, Fact) and "name" in vars(kind)}


def test_every_command_is_written_down_and_no_other() -> None:
    written = names(section("To the server: commands"))
    assert sorted(written) == sorted(COMMANDS)


def test_the_keys_of_every_command_are_written_down() -> None:
    for row in section("To the server: commands"):
        for name in names([row]):
            keys = set(COMMANDS[name].body.model_fields)
            stated = set(re.findall(r"\b[a-z_]+\b", re.sub(r"→.*", "", row[1])))
            if "poll` and the same" not in row[1]:
                assert keys - {"session"} <= stated, name
            if "no session" not in row[1] and name != "attendance.read":
                assert "session" in keys, name


def test_every_fact_is_written_down_and_no_other() -> None:
    written = names(section("Facts"))
    assert sorted(written) == sorted(facts())


def test_the_bodies_of_facts_are_written_down() -> None:
    for row in section("Facts"):
        for name in names([row]):
            keys = {"name" if f.name == "display_name" else f.name for f in fields(facts()[name])}
            body = re.search(r"`\{(.*?)\}`", row[3])
            assert body is not None, name
            flat = re.sub(r"\[.*?\]", "", body[1])
            stated = set(re.findall(r"[a-z_]+", re.sub(r":[^,]*", "", flat)))
            assert {key for key in keys if not key.startswith("_")} == stated, name


def test_every_fact_says_what_happened() -> None:
    assert [name for name, kind in facts().items() if not (kind.__doc__ or "").strip()] == []


def test_every_signal_is_written_down_and_no_other() -> None:
    assert sorted(names(section("Signals"))) == sorted(SIGNALS)
    code = "".join(path.read_text("utf-8") for path in sorted((ROOT / "conference" / "hall").glob("*.py")))
    sent = set(re.findall(r"""(?:outbox\.signal\(|_signal\(\w+, )"([a-z]+)\"""", code))
    assert sent == SIGNALS


def test_every_permission_is_written_down() -> None:
    _, _, rest = PROTOCOL.partition("## Permissions")
    assert set(rest.strip().splitlines()[0].partition("`")[2].partition("`")[0].split()) == {
        p.value for p in Permission
    }


def test_every_setting_is_a_flag_with_help() -> None:
    help_text = "".join(_subparser("serve").format_help().split())
    for setting in fields(Settings):
        if setting.name != "data":
            assert f"--{setting.name.replace('_', '-')}" in help_text
            assert "".join(setting.metadata["help"].split()) in help_text


def _subparser(name: str):  # type: ignore[no-untyped-def]
    [action] = [action for action in _parser()._actions if action.choices and name in action.choices]
    return action.choices[name]


def test_every_test_named_for_security_is_there() -> None:
    """Of docs/webrtc-security.md; in a cell, a function without a file is of the file named last."""
    text = (ROOT / "docs" / "webrtc-security.md").read_text("utf-8")
    folder, named = ROOT / "tests", 0
    for line in text.splitlines():
        if line.startswith("## What else"):
            folder = ROOT / "tests" / "media" / "attacks"
        path: Path | None = None
        for token in re.findall(r"`([a-z0-9_/.:]+)`", line) if line.startswith("|") else []:
            file, _, function = token.rpartition("::") if "::" in token else ("", "", token)
            file = token if token.endswith(".py") else file
            if file:
                path = next(p for p in (folder / file, ROOT / "tests" / file) if p.exists())
            if function.startswith("test_") and not function.endswith(".py"):
                assert path is not None, token
                assert f"def {function}(" in path.read_text("utf-8"), token
                named += 1
    assert named >= 38
    assert re.findall(r"\| (17\.\d\.\d) \|", text) == [
        *("17.1.1", "17.1.2", "17.2.1", "17.2.2", "17.2.3", "17.2.4", "17.2.5", "17.2.6", "17.2.7", "17.2.8"),
        *("17.3.1", "17.3.2"),
    ]
