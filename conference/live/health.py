"""Commands of those who watch over picture and sound."""

from __future__ import annotations

from conference.core.errors import BadRequest
from conference.core.roles import Permission
from conference.live.registry import Asked, InSession, command


class Watch(InSession):
    """Whether to be told from now on."""

    on: bool


@command("health.watch", may=Permission.MONITOR, body=Watch)
async def watch(asked: Asked[Watch]) -> None:
    """Be told once a second how the media of this page's session are doing."""
    if asked.body.session != asked.visit.session:
        raise BadRequest("Diese Seite gehört zu einer anderen Veranstaltung.")
    asked.visit.monitors = asked.body.on
