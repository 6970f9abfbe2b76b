"""Commands of the organiser."""

from __future__ import annotations

from typing import Any

from conference.core.errors import NotAllowed
from conference.core.roles import Permission, may
from conference.live.registry import Asked, Nothing, command
from conference.sessions.export import live_attendance


@command("attendance.read", may=None, body=Nothing)
async def read_attendance(asked: Asked[Nothing]) -> list[dict[str, Any]]:
    """Attendance per session as it stands: for organisers."""
    if not may(asked.visit.person.role, Permission.ORGANISE):
        raise NotAllowed()
    async with asked.hall.store.reading() as db:
        return await live_attendance(db, asked.hall.store.clock.now())
