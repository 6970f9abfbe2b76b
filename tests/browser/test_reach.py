"""A participant whose network leads to a relay alone sees the stage all the same, without pressing anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.people import CHROMIUM, PATIENCE, chromium, t, visitor
from tests.browser.stage import SESSION, programme
from tests.coturn import SECRET, coturn
from tests.netns import Namespace
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.networks]
ANNA = "violetta.kohl@example.org"


async def test_only_the_relay_leads_to_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path / "data", host="0.0.0.0")
    await server.import_day()
    async with Namespace() as away, coturn(away.ours) as port:
        monkeypatch.setenv("CONFERENCE_TURN_URLS", f"turn:{away.ours}:{port}?transport=tcp")
        monkeypatch.setenv("CONFERENCE_TURN_SECRET", SECRET)
        ports = f"{server.media_port}-{server.media_port + server.media_workers - 1}"
        await away.drop(f"tcp dport {ports}", f"udp dport {ports}")
        async with (
            running(server),
            chromium(away.wrapper(CHROMIUM, tmp_path)) as browser,
            programme(server),
        ):
            anna = await visitor(browser, "anna", await server.link(ANNA, SESSION, at=away.ours))
            await anna.press("session.join")
            await anna.sees_pictures()
            await anna.page.locator("button.connection").click()
            dialog = anna.page.locator("dialog.report")
            await expect(dialog).to_contain_text(t("report.way.relay_tcp"), timeout=PATIENCE)
            assert anna.problems == []
