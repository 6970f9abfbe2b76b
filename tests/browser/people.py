"""People at real browsers: each has a window of its own, and sees and presses what a person would."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

STATIC = Path(__file__).parents[2] / "static"
TEXTS: dict[str, str] = json.loads((STATIC / "i18n" / "de.json").read_text("utf-8"))
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--no-first-run", "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage", "--mute-audio",
)  # fmt: skip
LAPTOP, PHONE, PROJECTOR = (1366, 768), (390, 844), (1920, 1080)
PATIENCE = 45_000
"""Milliseconds that a story waits for something to become visible."""

_KEEP_CONNECTIONS = """
const Real = RTCPeerConnection;
window.connections = [];
window.RTCPeerConnection = class extends Real {
  constructor(...given) { super(...given); window.connections.push(this); }
};
"""
_RECEIVED = """async () => {
  const sums = { frames: 0, energy: 0, bytes: 0 };
  for (const connection of window.connections) {
    if (connection.connectionState === "closed") continue;
    (await connection.getStats()).forEach((s) => {
      if (s.type !== "inbound-rtp") return;
      sums.frames += s.framesDecoded ?? 0;
      sums.energy += s.totalAudioEnergy ?? 0;
      sums.bytes += s.bytesReceived ?? 0;
    });
  }
  return sums;
}"""

_CODECS = """async () => {
  const found = [];
  for (const connection of window.connections) {
    const stats = await connection.getStats();
    stats.forEach((s) => {
      if (s.type === "inbound-rtp" && s.bytesReceived > 0) found.push(stats.get(s.codecId).mimeType);
    });
  }
  return found;
}"""

_PORTS = """() => window.connections
  .filter(({ connectionState }) => connectionState === "connected")
  .map(({ remoteDescription }) => Number(/^a=candidate:\\S+ 1 udp \\d+ \\S+ (\\d+) /im.exec(remoteDescription.sdp)[1]))
"""


def t(key: str, **values: object) -> str:
    """A text of the pages."""
    text = TEXTS[key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


@contextlib.asynccontextmanager
async def chromium(program: str | Path = CHROMIUM) -> AsyncIterator[Browser]:
    """Debian's Chromium, with a made-up camera and microphone."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """A person's window."""

    def __init__(self, name: str, context: BrowserContext, page: Page) -> None:
        self.name = name
        self.context = context
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"{name}: {error}"))
        page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.problems.append(f"{self.name}: {message.text}")

    async def press(self, key: str, *, within: str | None = None, exact: bool = True) -> None:
        """Press the button with this text."""
        place = self.page.locator(within) if within else self.page
        await place.get_by_role("button", name=t(key), exact=exact).first.click(timeout=PATIENCE)

    async def press_named(self, name: str) -> None:
        """Press the button with this accessible name."""
        await self.page.get_by_role("button", name=name).first.click(timeout=PATIENCE)

    async def sees(self, text: str) -> None:
        """Wait until a text is visible."""
        await expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=PATIENCE)

    async def received(self) -> dict[str, float]:
        """Frames decoded, audio energy and bytes received over all connections of the page."""
        found: dict[str, float] = await self.page.evaluate(_RECEIVED)
        return found

    async def codecs(self) -> set[str]:
        """MIME types of what is being received."""
        return set(await self.page.evaluate(_CODECS))

    async def media_ports(self) -> set[int]:
        """The media ports that the page is connected to."""
        return set(await self.page.evaluate(_PORTS))

    async def sees_pictures(self) -> None:
        """Wait until pictures are really decoded, and go on being decoded."""
        before = (await self.received())["frames"]
        await until(lambda: self._more("frames", before + 10), f"{self.name} sees no moving picture")

    async def hears(self) -> None:
        """Wait until sound with energy in it arrives."""
        before = (await self.received())["energy"]
        await until(lambda: self._more("energy", before), f"{self.name} hears nothing")

    async def _more(self, figure: str, than: float) -> bool:
        return (await self.received())[figure] > than

    async def is_connected(self) -> None:
        """Wait until the page says so."""
        await expect(self.page.locator("conf-connection")).to_contain_text(t("connection.live"), timeout=PATIENCE)


async def visitor(
    browser: Browser, name: str, url: str, *, size: tuple[int, int] = LAPTOP, dark: bool = False, **context: Any
) -> Visitor:
    """Open a link in a window of its own."""
    opened = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="de-DE", timezone_id="Europe/Berlin",
        color_scheme="dark" if dark else "light", permissions=["camera", "microphone", "clipboard-write"], **context,
    )  # fmt: skip
    await opened.add_init_script(_KEEP_CONNECTIONS)
    page = await opened.new_page()
    person = Visitor(name, opened, page)
    await page.goto(url)
    return person


async def letter_by_letter(writer: Visitor, reader: Visitor, first: str, rest: str) -> None:
    """What one types in the open chat is seen as it is typed by the other, who wants it, and stands once it is sent."""
    for person in (writer, reader):
        await person.page.get_by_role("tab", name=t("chat.title")).click()
        await person.page.get_by_label(t("chat.letters")).check()
    field = writer.page.get_by_label(t("chat.label"), exact=True)
    draft = reader.page.locator(".chat__drafts")
    await field.press_sequentially(first)
    await expect(draft).to_contain_text(first.strip(), timeout=PATIENCE)
    await field.press_sequentially(rest)
    await expect(draft).to_contain_text(first + rest, timeout=PATIENCE)
    await field.press("Enter")
    await expect(reader.page.locator(".chat-message__text")).to_have_text(first + rest, timeout=PATIENCE)
    await expect(draft).to_have_count(0, timeout=PATIENCE)


async def until(what: Callable[[], Any], complaint: str, seconds: float = 45) -> None:
    """Wait until something is so."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await what():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(complaint)
        await asyncio.sleep(0.2)
