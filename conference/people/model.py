"""People and links: the rules, without a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from conference.core.roles import Role

Attends = Literal["remote", "hall"]


@dataclass(frozen=True)
class Person:
    """Somebody who was invited.

    Attributes:
        id: the row's key; never leaves the server.
        public_id: what pages and facts call the person.
        role: the role of the whole day; a session may raise it (see `sessions.model.role_in`).
        email: lower case; None for screens.
    """

    id: int
    public_id: str
    name: str
    first_name: str
    last_name: str
    email: str | None
    organisation: str
    office: str
    role: Role
    attends: Attends
    wishes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A personal link: for the whole day (`session` None) or for one session.

    The secret itself is stored nowhere: it is computed from the link's id, its nonce and the server's key, so it can be
    shown again at any time and a stolen database opens no door. A reissued link has a new nonce.
    """

    id: int
    public_id: str
    person_id: int
    session: str | None
    nonce: str
    generation: int
    revoked: bool


def display_name(first_name: str, last_name: str) -> str:
    """The name as it is shown: first name, last name, single spaces."""
    return " ".join(f"{first_name} {last_name}".split())


def split_name(name: str) -> tuple[str, str]:
    """A full name into first and last: the last word is the last name (particles such as *von* go with it).

    What ends in a number is no person's name (*Moderation AG 1*) and stays whole.
    """
    words = name.split()
    if words and any(c.isdigit() for c in words[-1]):
        return "", " ".join(words)
    cut = len(words) - 1
    while cut > 1 and words[cut - 1].lower() in {"von", "van", "de", "der", "den", "zu", "zur"}:
        cut -= 1
    return " ".join(words[:cut]), " ".join(words[cut:])
