"""The commands: each one's line is its specification, and nothing else may be asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from conference.core.roles import Permission, Role
from conference.hall.hall import Hall
from conference.hall.visit import Visit


class Body(BaseModel):
    """What a command is sent with: declared keys only, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Body):
    """No keys at all."""


class InSession(Body):
    """A body that names the session it is about."""

    session: str = Field(min_length=1, max_length=64)


BodyT = TypeVar("BodyT", bound=Body)


@dataclass(frozen=True)
class Asked(Generic[BodyT]):
    """A command that arrived: from whom, in which role, with what."""

    hall: Hall
    visit: Visit
    role: Role
    body: BodyT


Handler = Callable[[Asked[Any]], Awaitable[Any]]


@dataclass(frozen=True)
class Command:
    """One entry of the registry. `may` None: everybody with a link."""

    name: str
    may: Permission | None
    body: type[Body]
    handler: Handler


COMMANDS: dict[str, Command] = {}


def command(name: str, *, may: Permission | None, body: type[Body]) -> Callable[[Handler], Handler]:
    """Register a handler. A command with a `may` has a body with a session: the role is the one in that session."""

    def register(handler: Handler) -> Handler:
        if name in COMMANDS or (may is not None and "session" not in body.model_fields):
            raise ValueError(name)
        COMMANDS[name] = Command(name, may, body, handler)
        return handler

    return register
