"""For those who keep the machine running: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import text

from conference.media.engine import MediaUnavailable
from conference.store import facts_log
from conference.web import metrics as prometheus
from conference.web.site import SITE


async def alive(_request: web.Request) -> web.StreamResponse:
    """The process answers."""
    return web.json_response({"ok": True})


async def ready(request: web.Request) -> web.StreamResponse:
    """The database answers, and the media plane does."""
    site = request.app[SITE]
    async with site.store.reading() as db:
        await db.execute(text("SELECT 1"))
    if not (await site.hall.engine.stats())["workers"]:
        raise MediaUnavailable
    return web.json_response({"ok": True})


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus text; it is there, too, while the media plane is not."""
    site = request.app[SITE]
    hall = site.hall
    async with site.store.reading() as db:
        facts = await facts_log.count(db)
    published = hall.media.counts()
    counts = {
        "conference_visits": ("Live connections of pages.", len(hall.visits)),
        "conference_media_publishers": ("Feeds published.", published["publishers"]),
        "conference_media_viewers": ("Viewers of media.", published["viewers"]),
        "conference_facts": ("Facts logged.", facts),
    }
    try:
        stats = await hall.engine.stats()
    except MediaUnavailable:
        stats = None
    feeds = {
        resource: (feed[0], str(hall.media.number(feed)), feed[2].partition(":")[0])
        for resource, feed in hall.media.publishing().items()
    }
    body = prometheus.text(prometheus.MediaCollector(stats, feeds, counts, hall.groups.media.counts()))
    return web.Response(body=body, headers={"Content-Type": prometheus.CONTENT_TYPE})


def routes() -> list[web.RouteDef]:
    """Operations."""
    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]
