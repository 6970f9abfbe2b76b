"""For those who keep the machine running: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text

from conference.store import facts_log
from conference.web.site import SITE


async def alive(_request: web.Request) -> web.StreamResponse:
    """The process answers."""
    return web.json_response({"ok": True})


async def ready(request: web.Request) -> web.StreamResponse:
    """The database answers, and the media plane does."""
    site = request.app[SITE]
    async with site.store.reading() as db:
        await db.execute(text("SELECT 1"))
    await site.hall.engine.stats()
    return web.json_response({"ok": True})


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus text."""
    site = request.app[SITE]
    registry = CollectorRegistry()
    counts = site.hall.media.counts()
    _gauge(registry, "conference_visits", "live connections", len(site.hall.visits))
    _gauge(registry, "conference_media_publishers", "feeds published", counts["publishers"])
    _gauge(registry, "conference_media_viewers", "viewers of media", counts["viewers"])
    async with site.store.reading() as db:
        _gauge(registry, "conference_facts", "facts logged", await facts_log.count(db))
    _workers(registry, (await site.hall.engine.stats()).get("workers", []))
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    )


def _gauge(registry: CollectorRegistry, name: str, text_: str, value: float) -> None:
    Gauge(name, text_, registry=registry).set(value)


def _workers(registry: CollectorRegistry, workers: list[dict[str, Any]]) -> None:
    gauges: dict[str, Gauge] = {}
    for number, worker in enumerate(workers):
        for name, value in worker.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                if name not in gauges:
                    gauges[name] = Gauge(
                        f"conference_media_{name}", f"media worker: {name}", ["worker"], registry=registry
                    )
                gauges[name].labels(str(number)).set(value)


def routes() -> list[web.RouteDef]:
    """Operations."""
    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]
