"""A media worker dies while people are on it and on another: only those it carried notice, and they are back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.browser.people import Visitor, chromium, t, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA, BERND = "violetta.kohl@example.org", "felix.groettner@example.org"
SPEAKER, MODERATOR = "michael.fleig@example.org", "oliver.lilie@example.org"
SESSION = "live-1"


async def lines(person: Visitor) -> int:
    """How many connections a page has made since it was opened."""
    made: int = await person.page.evaluate("() => window.connections.length")
    return made


async def test_one_of_two_workers_dies_and_then_the_other(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", program=("-m", "tests.spreading"), media_workers=2)
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
        moderator = await visitor(browser, "moderator", await server.link(MODERATOR, SESSION))
        await moderator.page.goto(f"{server.url}/s/{SESSION}/moderation")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, SESSION))
        await speaker.page.goto(f"{server.url}/s/{SESSION}/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        await moderator.press_named(f"{t('desk.bring_on.now')}: Dr. Michael Fleig")
        await speaker.sees(t("backstage.live"))
        await moderator.page.close()
        people = []
        while len({port for person in people for port in await person.media_ports()}) < 2:
            name, link = [("anna", ANNA), ("bernd", BERND)][len(people) % 2]
            people.append(await visitor(browser, name, await server.link(link, SESSION)))
            await people[-1].press("session.join")
            await people[-1].sees_pictures()
            assert len(people) < 6

        for number in (1, 0):
            await _dies(server, number, [*people, speaker])
        assert [problem for person in (*people, speaker) for problem in person.problems] == []


async def _dies(server: Server, number: int, people: list[Visitor]) -> None:
    """Kill a worker: those who were on it come back, nobody else makes a new line."""
    port = server.media_port + number
    there = [person for person in people if port in await person.media_ports()]
    assert there
    elsewhere = [person for person in people if person not in there]
    made = {person: await lines(person) for person in people}
    os.kill(server.worker(number), signal.SIGKILL)
    for person in there:

        async def again(person: Visitor = person) -> bool:
            return await lines(person) > made[person] and bool(await person.media_ports())

        await until(again, f"{person.name} makes no new line")
    for person in people:
        if not person.name.startswith("speaker"):
            await person.sees_pictures()
    await people[-1].sees(t("backstage.live"))
    assert [person.name for person in elsewhere if await lines(person) != made[person]] == []
