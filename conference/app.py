"""The composition root of the server: the only place that puts all parts together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

from aiohttp import web

from conference.config import Settings, secret_key
from conference.core.clock import Clock, SystemClock
from conference.core.errors import ConferenceError
from conference.hall.hall import Hall
from conference.live.gateway import Gateway
from conference.media.addresses import wildcard
from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaEngine
from conference.migrations import standing, upgrade
from conference.people.tokens import Tokens
from conference.store.engine import open_engine
from conference.store.unit import Store
from conference.web import calendar, films, operations, signalling
from conference.web.errors import catch
from conference.web.identity import Doorman
from conference.web.pages import badges, entry, hall, organise, regie, session
from conference.web.pages import films as film_pages
from conference.web.security import Origins, dress, guard
from conference.web.site import SITE, Site, pages_digest, render, static_directory, templates

VERSION = version("conference")
REQUEST_BYTES = 8 * 1024 * 1024
SHUTDOWN_SECONDS = 3.0


@contextlib.asynccontextmanager
async def open_store(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Store]:
    """The store of a data directory; an empty database is made, an old one is refused.

    Raises:
        ConferenceError: ``database.old``.
    """
    settings.directory.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    store = Store(engine, clock or SystemClock())
    try:
        now, newest = await standing(engine)
        if now is None:
            await upgrade(engine)
        elif now != newest:
            raise ConferenceError(
                "database.old", "Die Datenbank ist älter als das Programm: bitte »conference db upgrade«."
            )
        yield store
    finally:
        await store.close()


def build(settings: Settings, store: Store, engine: MediaEngine | None = None) -> web.Application:
    """The web application with socket, pages and media, ready to be run."""
    tokens = Tokens(secret_key(settings.directory))
    # All addresses, also when pages listen on loopback alone: Firefox sends no picture and sound over loopback.
    addresses, workers = settings.media_addresses or None, settings.media_processes
    media = engine or EmbeddedEngine(wildcard(), settings.media_port, addresses, workers=workers)
    the_hall = Hall(store, media, tokens, f"{VERSION}+{pages_digest()}")
    doorman, origins = Doorman(store, tokens), Origins(settings.public_url, settings.proxies)
    site = Site(settings, store, the_hall, tokens, doorman, origins, templates())
    app = web.Application(middlewares=[dress, catch(_error_page), guard(origins)], client_max_size=REQUEST_BYTES)
    app[SITE] = site
    for module in (entry, session, regie, hall, organise, badges, calendar, signalling, operations, films, film_pages):
        app.add_routes(module.routes())
    hall.setup(app)
    app.router.add_static("/static/", static_directory())
    gateway = Gateway(the_hall, doorman.by_cookie, origins.allowed_socket)
    gateway.attach(app)

    async def alive(_app: web.Application) -> AsyncIterator[None]:
        await the_hall.start()
        yield
        await the_hall.stop()
        await gateway.shutdown()

    async def farewell(_app: web.Application) -> None:
        await the_hall.farewell()

    app.cleanup_ctx.append(alive)
    app.on_shutdown.append(farewell)  # while there are still connections to say it over
    return app


async def _error_page(request: web.Request, status: int, code: str, message: str) -> web.StreamResponse:
    return await render(request, "error.html", status=status, code=code, message=message)


async def serve(settings: Settings) -> None:
    """Run until told to stop; prints ``ready URL`` when pages, socket and media answer."""
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with open_store(settings) as store:
        runner = web.AppRunner(build(settings, store), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port, ssl_context=_tls(settings)).start()
            print(f"ready {settings.url}", flush=True)
            await stopping.wait()
        finally:
            await runner.cleanup()


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(settings.tls_cert), Path(settings.tls_key) if settings.tls_key else None)
    return context
