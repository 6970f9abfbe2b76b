"""YAML that remembers where everything stands, read field by field, all mistakes collected.

Pure. ``Fields`` is one mapping of the file: every getter checks one value, writes down a ``Problem`` if it is
wrong, and returns a neutral value, so that the reading goes on and the author sees all mistakes at once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import yaml

MAX_CHARACTERS = 1024 * 1024
MAX_DEPTH = 20
MAX_PROBLEMS = 500
KEY_SHAPE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
MAX_KEY = 64


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes:
        line: from 1.
        where: path of the value, lists counted from 0: ``sessions[2].starts``; empty for the file as a whole.
        message: a German sentence.
    """

    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"Zeile {self.line}{f' ({self.where})' if self.where else ''}: {self.message}"


class Problems:
    """A list of mistakes that stays short even if everything is wrong."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, line: int, where: str, message: str) -> None:
        """Write one down; after 500 nobody reads on."""
        if len(self._found) < MAX_PROBLEMS:
            self._found.append(Problem(line, where, message))

    def sorted(self) -> tuple[Problem, ...]:
        """In the order of the file."""
        return tuple(sorted(self._found, key=lambda problem: problem.line))


class _Loader(yaml.SafeLoader):
    """Composes nodes; no references to other nodes (few lines could stand for millions), no deep nests."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        here = cast("yaml.Mark | None", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="alias", problem_mark=here)
        if self.depth >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="depth", problem_mark=here)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


# What PyYAML complains about, and what that means to somebody who wrote a programme.
_SYNTAX = {
    "alias": "Verweise (*name) sind hier nicht erlaubt; bitte ausschreiben.",
    "depth": "Das ist zu tief verschachtelt.",
    "found character '\\t'": "Eingerückt wird mit Leerzeichen, nicht mit Tabulatoren.",
    "mapping values are not allowed": "Ein Doppelpunkt im Text verlangt Anführungszeichen um den Text.",
    "could not find expected ':'": "Hier fehlt ein Doppelpunkt nach dem Namen der Angabe.",
    "expected <block end>": "Die Einrückung passt nicht zu den Zeilen darüber.",
    "found unexpected end of stream": "Ein Anführungszeichen oder eine Klammer ist nicht geschlossen.",
    "but got '?'": "Ein Fragezeichen in Klammern verlangt Anführungszeichen um den Text.",
    "expected ',' or": "Hier fehlt ein Komma oder die schließende Klammer.",
    "found duplicate anchor": "Anker (&name) sind hier nicht erlaubt.",
    "but found another document": "Die Datei enthält mehrere Dokumente (---); erlaubt ist eines.",
}


def compose(text: str, problems: Problems) -> yaml.Node | None:
    """The document's root node, or ``None`` with a problem written down (syntax, size, nothing in it)."""
    if len(text) > MAX_CHARACTERS:
        problems.add(1, "", "Die Datei ist größer als 1 MB.")
        return None
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(mark.line + 1 if mark else 1, "", _syntax_message(str(error.problem)))
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.add(line, "", "Hier steht ein Steuerzeichen, das in YAML nicht erlaubt ist.")
        return None
    if root is None:
        problems.add(1, "", "Die Datei ist leer.")
    return root


def _syntax_message(complaint: str) -> str:
    for beginning, message in _SYNTAX.items():
        if beginning in complaint:
            return message
    return "Die YAML-Schreibweise stimmt hier nicht."


def line_of(node: yaml.Node) -> int:
    """The line a node begins in, from 1."""
    return int(node.start_mark.line) + 1


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A German question with the nearest known word, or nothing; to be put behind a sentence."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" Meinten Sie »{near[0]}«?" if near else ""


def shortened(text: str, limit: int = 60) -> str:
    """A text to quote in a message."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass
class Fields:
    """One mapping of the file, with the path to it and the list its mistakes go to."""

    where: str
    line: int
    problems: Problems
    nodes: dict[str, yaml.Node] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        node: yaml.Node,
        where: str,
        problems: Problems,
        required: Sequence[str],
        optional: Sequence[str] = (),
    ) -> Fields:
        """The fields of a node; unknown, doubled and missing ones are written down."""
        fields = cls(where, line_of(node), problems)
        if not isinstance(node, yaml.MappingNode):
            problems.add(fields.line, where, "Hier werden Angaben der Form »name: wert« erwartet.")
            return fields
        known = [*required, *optional]
        for key_node, value_node in _with_commas_in_texts(node, known):
            fields._take(key_node, value_node, known)
        for name in required:
            if name not in fields.nodes:
                problems.add(fields.line, fields.path(name), f"Es fehlt die Angabe »{name}«.")
        return fields

    def _take(self, key_node: yaml.Node, value_node: yaml.Node, known: Sequence[str]) -> None:
        line = line_of(key_node)
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        if key not in known:
            message = f"Die Angabe »{shortened(key)}« gibt es hier nicht." + did_you_mean(key, known)
            self.problems.add(line, self.path(shortened(key)), message)
        elif key in self.nodes:
            self.problems.add(line, self.path(key), f"Die Angabe »{key}« steht hier zum zweiten Mal.")
        else:
            self.nodes[key] = value_node

    def path(self, name: str) -> str:
        """The path of a field: ``conference.title``."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """Whether the field is there and says something (``null`` says nothing)."""
        node = self.nodes.get(name)
        return node is not None and not _is_null(node)

    def wrong(self, name: str, message: str) -> None:
        """Write down a mistake in a field, or in the mapping if the field is not there."""
        node = self.nodes.get(name)
        self.problems.add(line_of(node) if node else self.line, self.path(name), message)

    def text(self, name: str, limit: int, default: str = "") -> str:
        """A text of one line, as it is written (``title: 2026`` is "2026"); runs of space are one."""
        return self._text_of(self.nodes.get(name), self.path(name), limit, default)

    def _text_of(self, node: yaml.Node | None, where: str, limit: int, default: str = "") -> str:
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode):
            self.problems.add(line_of(node), where, "Hier wird ein Text erwartet.")
            return default
        text = " ".join(str(node.value).split())
        if not text or _is_null(node):
            if not default:
                self.problems.add(line_of(node), where, "Hier fehlt der Text.")
            return default
        if len(text) > limit:
            message = f"Der Text ist {len(text)} Zeichen lang; erlaubt sind {limit}."
            self.problems.add(line_of(node), where, message)
        return text

    def optional_text(self, name: str, limit: int) -> str:
        """A text that may be empty or missing."""
        return self.text(name, limit) if self.has(name) and self._value(name) != "" else ""

    def key(self, name: str = "key") -> str:
        """A short name for links and files: a–z, digits, hyphens inside; at most 64 characters."""
        key = self.text(name, MAX_KEY)
        if key and not KEY_SHAPE.fullmatch(key):
            self.wrong(name, f"»{shortened(key)}« darf nur aus a–z, 0–9 und Bindestrichen dazwischen bestehen.")
        return key

    def choice(self, name: str, known: Sequence[str], default: str = "") -> str:
        """One of the known words; the default (or "") if it is none of them."""
        word = self.text(name, 1000, default)
        if word in known or not word:
            return word
        words = ", ".join(known) + "." + did_you_mean(word, known)
        self.wrong(name, f"»{shortened(word)}« ist nicht vorgesehen; möglich: {words}")
        return default

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; false if missing."""
        if not self.has(name):
            return False
        if not self.nodes[name].tag.endswith(":bool"):
            self.wrong(name, "Hier wird true oder false erwartet.")
            return False
        return str(self._value(name)).lower() in {"true", "yes", "on"}

    def integer(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number within bounds; the default if it is missing or wrong."""
        if not self.has(name):
            return default
        text = str(self._value(name))
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text) or not least <= int(text) <= most:
            self.wrong(name, f"Hier wird eine ganze Zahl von {least} bis {most} erwartet.")
            return default
        return int(text)

    def decimal(self, name: str, default: float, least: float, most: float) -> float:
        """A number within bounds, with a decimal point; the default if it is missing or wrong."""
        if not self.has(name):
            return default
        text = str(self._value(name))
        if not re.fullmatch(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?", text) or not least <= float(text) <= most:
            self.wrong(name, f"Hier wird eine Zahl von {least:g} bis {most:g} erwartet, mit Dezimalpunkt.")
            return default
        return float(text)

    def items(self, name: str, least: int = 0, most: int = 1000) -> list[tuple[str, yaml.Node]]:
        """The members of a list, each with its path; an empty list if it is missing or none."""
        node = self.nodes.get(name)
        if node is None or (least == 0 and _is_null(node)):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(name, "Hier wird eine Liste erwartet.")
            return []
        if not least <= len(node.value) <= most:
            wanted = f"{least} bis {most}" if least else f"höchstens {most}"
            self.wrong(name, f"Die Liste hat {len(node.value)} Einträge; erlaubt sind {wanted}.")
        return [(f"{self.path(name)}[{index}]", item) for index, item in enumerate(node.value[:most])]

    def texts(self, name: str, limit: int, least: int = 0, most: int = 1000) -> tuple[str, ...]:
        """A list of different texts."""
        seen: list[str] = []
        for where, node in self.items(name, least, most):
            text = self._text_of(node, where, limit)
            if text in seen:
                self.problems.add(line_of(node), where, f"»{shortened(text)}« steht hier zum zweiten Mal.")
            elif text:
                seen.append(text)
        return tuple(seen)

    def _value(self, name: str) -> object:
        node = self.nodes[name]
        return node.value if isinstance(node, yaml.ScalarNode) else None


def _with_commas_in_texts(node: yaml.MappingNode, known: Sequence[str]) -> list[tuple[yaml.Node, yaml.Node]]:
    """The pairs of a mapping; two in ``{role: Ministerin für Arbeit, Soziales und Sport, where: hall}``.

    To YAML a comma in braces ends the text, and the rest is a key without a value. We know all keys, so what
    is none and has no value can only be the rest of the text before it.
    """
    pairs: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in node.value:
        if node.flow_style and pairs and _is_rest_of_text(key, value, known) and _is_plain(pairs[-1][1]):
            start, before = pairs[-1]
            text = f"{before.value}, {key.value}"
            joined = yaml.ScalarNode("tag:yaml.org,2002:str", text, before.start_mark, key.end_mark)
            pairs[-1] = (start, joined)
        else:
            pairs.append((key, value))
    return pairs


def _is_rest_of_text(key: yaml.Node, value: yaml.Node, known: Sequence[str]) -> bool:
    unsaid = _is_null(value) and value.value == "" and value.start_mark == value.end_mark
    return _is_plain(key) and key.value not in known and unsaid


def _is_plain(node: yaml.Node) -> bool:
    """Whether a node is a text without quotation marks."""
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value != ""


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
