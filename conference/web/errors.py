"""Errors as answers: a calm page for people, the one JSON shape for programs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from conference.core.errors import Address, ConferenceError
from conference.media.engine import MediaUnavailable

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS_BY_CODE = {
    "not_found": 404,
    "not_signed_in": 401,
    "link_invalid": 404,
    "media.type": 415,
    "media.unavailable": 503,
    "too_large": 413,
    "rate_limited": 429,
    "media.full": 503,
}
_STATUS = {Address.PERSON: 409, Address.CLIENT: 400, Address.PERMISSION: 403, Address.US: 500}
_TEXTS = {
    404: ("not_found", "Diese Seite gibt es nicht."),
    405: ("method", "So lässt sich diese Adresse nicht aufrufen."),
    413: ("too_large", "Das ist zu groß."),
}


def status_of(error: ConferenceError) -> int:
    """The HTTP status that says what the error says."""
    return 503 if isinstance(error, MediaUnavailable) else _STATUS_BY_CODE.get(error.code, _STATUS[error.address])


def catch(render: Callable[[web.Request, int, str, str], Awaitable[web.StreamResponse]]) -> Any:
    """Middleware: every exception becomes an answer.

    Args:
        render: makes the error page from status, code, message.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConferenceError as error:
            return await _answer(request, status_of(error), error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            code, message = _TEXTS.get(error.status, ("http", error.reason))
            return await _answer(request, error.status, ConferenceError(code, message, Address.CLIENT))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            failed = ConferenceError("internal", "Das hat nicht geklappt. Bitte noch einmal versuchen.", Address.US)
            return await _answer(request, 500, failed)

    async def _answer(request: web.Request, status: int, error: ConferenceError) -> web.StreamResponse:
        if "text/html" in request.headers.get("Accept", ""):
            return await render(request, status, error.code, error.message)
        headers = {"Retry-After": "1"} if status == 503 else {}
        return web.json_response({"ok": False, "error": error.as_dict()}, status=status, headers=headers)

    return middleware
