"""Who is behind a request: a cookie for each person, made by opening a link; a bearer token for encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from conference.core.errors import Address, ConferenceError
from conference.people import queries
from conference.people.model import Link, Person
from conference.people.tokens import Tokens
from conference.store.unit import Store

COOKIE = "visitor-"
LAST = "visitor"
COOKIE_DAYS = 30
SIGN_IN = "Bitte öffnen Sie Ihren persönlichen Link aus der Einladung."


@dataclass(frozen=True)
class Identity:
    """A person, and the link that they came through."""

    link: Link
    person: Person


class Doorman:
    """Recognises people. A handle (the link's public id) chooses among the cookies that a browser holds, no more."""

    def __init__(self, store: Store, tokens: Tokens) -> None:
        self._store = store
        self._tokens = tokens

    async def by_token(self, token: str) -> tuple[Link, Person] | None:
        """Whose link this secret opens, or None."""
        return await self._find(self._tokens.read_token(token))

    async def by_cookie(self, request: web.Request, handle: str | None) -> tuple[Link, Person] | None:
        """Who the browser says it is, with its cookies as proof; without a handle the last link opened."""
        handle = handle or request.cookies.get(LAST)
        value = request.cookies.get(f"{COOKIE}{handle}") if handle else None
        found = await self._find(self._tokens.read_cookie(value)) if value else None
        return found if found and found[0].public_id == handle else None

    async def by_bearer(self, request: web.Request) -> tuple[Link, Person] | None:
        """Whose link an encoder carries (RFC 6750 section 2.1)."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return await self.by_token(token.strip()) if scheme.lower() == "bearer" else None

    async def require(self, request: web.Request) -> Identity:
        """The person behind the request. Raises ConferenceError ``not_signed_in``."""
        found = await self.by_bearer(request) or await self.by_cookie(request, request.query.get("as"))
        if found is None:
            raise ConferenceError("not_signed_in", SIGN_IN, Address.PERMISSION)
        return Identity(*found)

    def remember(self, response: web.StreamResponse, link: Link, *, secure: bool) -> None:
        """Set the cookie of this link, and that it was the last one opened."""
        self._set(response, f"{COOKIE}{link.public_id}", self._tokens.cookie(link), secure)
        self._set(response, LAST, link.public_id, secure)

    def prolong(self, request: web.Request, response: web.StreamResponse, link: Link, *, secure: bool) -> None:
        """Let the cookie of this link, which the request carries, live on from now."""
        name = f"{COOKIE}{link.public_id}"
        if name in request.cookies:
            self._set(response, name, self._tokens.cookie(link), secure)

    @staticmethod
    def _set(response: web.StreamResponse, name: str, value: str, secure: bool) -> None:
        response.set_cookie(
            name, value, max_age=COOKIE_DAYS * 86400, httponly=True, samesite="Lax", secure=secure, path="/"
        )

    async def _find(self, read: tuple[str, str] | None) -> tuple[Link, Person] | None:
        if read is None:
            return None
        async with self._store.reading() as db:
            return await queries.by_link(db, *read)


def holds_several(cookies: Mapping[str, str]) -> bool:
    """Whether this browser holds the links of more than one."""
    return sum(name.startswith(COOKIE) for name in cookies) > 1
