"""One error shape for the socket, the pages and the command line.

An error has an *address* (whose move it is) and a stable *code* that clients may switch on. The text is German, because
the person at the other end is; English pages translate by code.
"""

from __future__ import annotations

from enum import StrEnum


class Address(StrEnum):
    """Whose move it is after an error."""

    PERSON = "person"  # what was asked cannot be had now: show the text
    CLIENT = "client"  # the message was malformed: a defect of the page or script that sent it
    PERMISSION = "permission"  # this role may not do that here
    US = "us"  # we failed; the text says what to do


class ConferenceError(Exception):
    """Something that was asked for and is refused.

    Attributes:
        code: stable, dotted, lower case, e.g. ``poll.closed``.
        message: one German sentence for the person.
        address: whose move it is.
    """

    def __init__(self, code: str, message: str, address: Address = Address.PERSON) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.address = address

    def as_dict(self) -> dict[str, str]:
        """The wire form: ``{"code", "message", "address"}``."""
        return {"code": self.code, "message": self.message, "address": self.address.value}


class NotAllowed(ConferenceError):
    """The role does not permit the command here."""

    def __init__(self, message: str = "Das ist mit diesem Link nicht möglich.") -> None:
        super().__init__("not_allowed", message, Address.PERMISSION)


class NotFound(ConferenceError):
    """What was named does not exist (or must not be known to exist)."""

    def __init__(self, what: str = "Das Gesuchte") -> None:
        super().__init__("not_found", f"{what} gibt es nicht.", Address.PERSON)


class BadRequest(ConferenceError):
    """A message that does not follow the protocol."""

    def __init__(self, message: str, code: str = "bad_request") -> None:
        super().__init__(code, message, Address.CLIENT)
