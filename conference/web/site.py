"""What all pages share: the parts of the application, translations, templates, rendering."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from aiohttp import web
from markupsafe import Markup

from conference.config import Settings
from conference.core.clock import from_iso
from conference.core.errors import ConferenceError, NotAllowed
from conference.core.roles import Permission
from conference.core.roles import may as allowed
from conference.hall.hall import Hall
from conference.people.model import Link
from conference.people.tokens import Tokens
from conference.sessions import queries
from conference.sessions.model import belongs_now
from conference.store.unit import Store
from conference.web import turn
from conference.web.identity import Doorman, Identity, holds_several
from conference.web.security import Origins

HERE = Path(__file__).parent
LANGUAGES = ("de", "en")


def static_directory() -> Path:
    """Where ``static/`` is: beside the package in a checkout, inside it when installed."""
    checkout = HERE.parent.parent / "static"
    return checkout if checkout.is_dir() else HERE.parent / "static"


@cache
def pages_digest() -> str:
    """Twelve hex digits that change with what pages are made of: a page that was born with others is an old one."""
    whole = hashlib.sha256()
    for directory in (static_directory() / "js", static_directory() / "css", static_directory() / "i18n", HERE):
        for file in sorted(directory.rglob("*.*")):
            if file.suffix in (".js", ".css", ".json", ".html"):
                whole.update(file.name.encode() + file.read_bytes())
    return whole.hexdigest()[:12]


@cache
def catalogue(lang: str) -> dict[str, str]:
    """A language's texts by key."""
    texts: dict[str, str] = json.loads((static_directory() / "i18n" / f"{lang}.json").read_text("utf-8"))
    return texts


def translate(lang: str, key: str, **values: object) -> str:
    """A text with its ``{placeholders}`` filled; the key itself when it is unknown."""
    text = catalogue(lang).get(key, key)
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


@dataclass(frozen=True)
class Site:
    """The parts that handlers work with."""

    settings: Settings
    store: Store
    hall: Hall
    tokens: Tokens
    doorman: Doorman
    origins: Origins
    templates: jinja2.Environment

    def link_url(self, request: web.Request, link: Link) -> str:
        """The personal address of a link."""
        return f"{self.base(request)}/j/{self.tokens.token(link)}"

    def base(self, request: web.Request) -> str:
        """The address under which people reach us, without a slash at its end."""
        return self.settings.public_url.rstrip("/") or self.origins.own(request)

    def ice_servers(self) -> list[dict[str, Any]]:
        """TURN servers with fresh credentials, for ``RTCPeerConnection``; handed to people with a link alone."""
        return turn.ice_servers(self.settings.turn_servers, self.settings.turn_secret, self.store.clock.now())

    def secure(self, request: web.Request) -> bool:
        """Whether people reach us by HTTPS, so that cookies may insist on it."""
        return self.base(request).startswith("https:")


SITE: web.AppKey[Site] = web.AppKey("site", Site)


def templates() -> jinja2.Environment:
    """The template environment: escapes everything, refuses unknown names."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def language(request: web.Request) -> str:
    """The page's language: asked for, remembered, the browser's, German."""
    asked = request.query.get("lang") or request.cookies.get("lang")
    if asked in LANGUAGES:
        return asked
    for part in request.headers.get("Accept-Language", "").split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return "de"


async def identify(request: web.Request, *, may: Permission | None = None) -> Identity:
    """The person behind a page of the day; with `may` only those who have the permission in the conference."""
    identity = await request.app[SITE].doorman.require(request)
    if may is not None and not allowed(identity.person.role, may):
        raise NotAllowed()
    return identity


async def render(
    request: web.Request,
    template: str,
    identity: Identity | None = None,
    session: str | None = None,
    *,
    status: int = 200,
    **context: Any,
) -> web.Response:
    """Render a page. With an identity the snapshot of the session (or of the day) is carried inline."""
    site, lang = request.app[SITE], language(request)
    snapshot = await site.hall.snapshot(identity.person, identity.link, session) if identity else None
    conference = snapshot["conference"] if snapshot else await _conference(site)
    timezone = ZoneInfo(conference["timezone"] if conference else "Europe/Berlin")
    belongs, desk = await _places(site, identity, snapshot) if identity and snapshot else (None, None)
    handle = identity.link.public_id if identity and needs_handle(request) else None
    text = site.templates.get_template(template).render(
        snapshot=snapshot,
        snapshot_json=inline_json(snapshot) if snapshot else None,
        ice_servers_json=inline_json(site.ice_servers()) if snapshot else None,
        conference=conference,
        lang=lang,
        t=lambda key, **values: translate(lang, key, **values),
        url=lambda path: with_handle(path, handle),
        now=site.store.clock.now(),
        local=lambda value, form="datetime": local(value, form, timezone, lang),
        belongs=belongs,
        desk=session or desk,
        path=request.path,
        status=status,
        **context,
    )
    response = web.Response(text=text, content_type="text/html", status=status)
    response.headers["Cache-Control"] = "no-store"
    if request.query.get("lang") in LANGUAGES:
        response.set_cookie("lang", lang, max_age=365 * 86400, samesite="Lax", secure=site.secure(request))
    return response


def needs_handle(request: web.Request) -> bool:
    """Whether addresses on this page must say whose they are."""
    return "as" in request.query or holds_several(request.cookies)


def with_handle(path: str, handle: str | None) -> str:
    """A path of ours, with the handle when there is one."""
    if handle is None:
        return path
    bare, hash_, fragment = path.partition("#")
    return f"{bare}{'&' if '?' in bare else '?'}as={handle}{hash_}{fragment}"


def inline_json(value: object) -> Markup:
    """JSON that may stand inside a script element: no tag can begin in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def local(value: datetime | str | None, form: str, timezone: ZoneInfo, lang: str) -> str:
    """An instant on the conference's clock: ``time``, ``day`` (in words), ``date`` or ``datetime``."""
    if value is None:
        return ""
    instant = (from_iso(value) if isinstance(value, str) else value.astimezone(UTC)).astimezone(timezone)
    date = f"{instant:%d.%m.%Y}" if lang == "de" else f"{instant.day} {instant:%B %Y}"
    day = f"{instant.day}. {_MONTHS[instant.month - 1]} {instant.year}" if lang == "de" else date
    return {"time": f"{instant:%H:%M}", "day": day, "date": date, "datetime": f"{date}, {instant:%H:%M}"}[form]


_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip


async def _places(site: Site, identity: Identity, snapshot: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """The agenda item where this person belongs now, and the session that they moderate now or next, or did last."""
    async with site.store.reading() as db:
        agenda = await queries.agenda(db)
    here = belongs_now(agenda)
    own = [session for session in agenda if allowed(session.role_of(identity.person), Permission.MODERATE)]
    desk = belongs_now(own) or (own[-1].key if own else None)
    return next((item for item in snapshot["agenda"] if item["key"] == here), None), desk


async def _conference(site: Site) -> dict[str, Any] | None:
    try:
        async with site.store.reading() as db:
            return queries.conference_view(await queries.conference(db))
    except ConferenceError:
        return None
