"""What every answer carries, and which requests are turned away before anything reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from conference.core.errors import Address, ConferenceError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all, browsers send our own forms with "Origin: null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Origins:
    """Which pages may talk to us: our own. Behind a proxy that we trust, the address it was asked for counts.

    Args:
        public_url: the configured address, or "".
        proxies: peers whose forwarded headers are believed.
    """

    def __init__(self, public_url: str, proxies: Sequence[str]) -> None:
        self._public = _origin(public_url) if public_url else None
        self._proxies = frozenset(str(ip_address(proxy)) for proxy in proxies)

    def own(self, request: web.Request) -> str:
        """The origin under which this request reached us."""
        scheme, host = request.scheme, request.host
        if request.remote in self._proxies:
            scheme = request.headers.get("X-Forwarded-Proto", scheme).split(",")[0].strip()
            host = request.headers.get("X-Forwarded-Host", host).split(",")[0].strip()
        return f"{scheme}://{host}"

    def client(self, request: web.Request) -> str:
        """The address of the device that asks: what a trusted proxy says last, else the peer's."""
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return forwarded if forwarded and request.remote in self._proxies else request.remote or ""

    def allowed(self, origin: str | None, request: web.Request) -> bool:
        """Whether a request that says it comes from this origin may change anything. Encoders say nothing."""
        return origin is None or origin in (self._public, self.own(request))

    def allowed_socket(self, origin: str | None, environ: dict[str, Any]) -> bool:
        """The same for the socket's handshake."""
        return self.allowed(origin, environ["aiohttp.request"])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@web.middleware
async def dress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: every answer carries the security headers, redirects too."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        _add_headers(error)
        raise
    if not response.prepared:
        _add_headers(response)
        if request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-cache")  # asked for each time, mostly answered 304
    return response


def _add_headers(response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def guard(origins: Origins) -> Any:
    """Middleware: foreign pages change nothing."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in SAFE_METHODS and not origins.allowed(request.headers.get("Origin"), request):
            raise ConferenceError("foreign_origin", "Diese Seite darf hier nichts ändern.", Address.PERMISSION)
        return await handler(request)

    return middleware
