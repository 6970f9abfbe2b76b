"""The 8th Kooperationskonferenz and 92 made-up people, starting now: to try everything with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from conference.core.roles import Role
from conference.direction import actions as direction
from conference.importing import import_all
from conference.people.people_file import read_people
from conference.people.queries import all_links, everybody
from conference.people.tokens import Tokens
from conference.sessions.programme import read_programme, shift
from conference.sessions.queries import agenda as read_agenda
from conference.store.unit import Store

HERE = Path(__file__).parent
ARRIVED = timedelta(minutes=25)
"""How long ago the doors opened: the first live session begins in five minutes."""
_STAGE = "live-1"
_DONE = 3
"""So many cues of the run of show are done: the lobby is open, the first stage's backstage too, the lobby is closed."""
_HEADINGS = {
    Role.PARTICIPANT: "Teilnahme",
    Role.SPEAKER: "Vortrag",
    Role.MODERATOR: "Moderation",
    Role.ORGANISER: "Organisation",
    Role.PRODUCTION: "Produktion",
    Role.VENUE: "Saalbild",
}


async def load(store: Store) -> None:
    """Import the day so that it begins now: people have arrived, the first live session is open for speakers.

    A demo that was begun before goes on where it was.
    """
    async with store.reading() as db:
        if await read_agenda(db):
            return
    now = store.clock.now().replace(second=0, microsecond=0)
    programme = shift(read_programme((HERE / "kooperationskonferenz.yaml").read_bytes()), now - ARRIVED)
    people = read_people("people.csv", (HERE / "people.csv").read_bytes())
    async with store.unit() as unit:
        await import_all(unit, programme, people)
    for step in range(_DONE):
        async with store.unit() as unit:
            organiser = (await everybody(unit.db, roles=[Role.ORGANISER]))[0]
            await direction.advance(unit, step, organiser)


async def links(store: Store, tokens: Tokens, base: str) -> list[str]:
    """One personal link of each role, in words."""
    async with store.reading() as db:
        stage = next(row for row in await read_agenda(db) if row.key == _STAGE)
        remote = {s.person_id for part in stage.parts for s in part.speakers if s.place == "remote"}
        shown: dict[Role, str] = {}
        for link, person in await all_links(db):
            role = stage.role_of(person)
            typical = role is person.role and (role is not Role.SPEAKER or person.id in remote)
            if link.session is None and typical and role not in shown:
                shown[role] = f"  {_HEADINGS[role]:13} {person.name:24} {base}/j/{tokens.token(link)}"
    return [
        "Persönliche Links zum Ausprobieren (einer je Rolle):",
        *(shown[role] for role in Role if role in shown),
    ]
