"""A server process of our own, as a host runs it: started, killed, started again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import aiohttp

from conference.demo import HERE as DEMO
from conference.rehearsal.server import Server as ServerProcess
from conference.rehearsal.server import free_ports, running  # noqa: F401  (tests take them from here)
from tests.house import connect

PROGRAMME = DEMO / "kooperationskonferenz.yaml"
PEOPLE = DEMO / "people.csv"


class Server(ServerProcess):
    """The Kooperationskonferenz, served."""

    def __init__(self, data: Path, **how: Any) -> None:
        super().__init__(data, **how)
        self._urls: dict[tuple[str | None, str | None], str] = {}

    async def import_day(self, people: Path | None = PEOPLE) -> None:
        """Import the Kooperationskonferenz."""
        await self.command("import", str(PROGRAMME), *(["--people", str(people)] if people else []))

    def worker(self, number: int) -> int:
        """Process id of a media worker."""
        assert self.process is not None
        port = str(self.media_port + number)
        for directory in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                words = (directory / "cmdline").read_bytes().decode().split("\0")
                parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and "conference.media.worker" in words and port in words:
                    return int(directory.name)
        raise LookupError(f"no media worker {number}")

    async def link(self, email: str | None, session: str | None = None, *, at: str | None = None) -> str:
        """One person's link (None: the hall's screen), for somebody who reaches the server at an address."""
        if (email, session) not in self._urls:
            self._urls = {(link["email"], link["session"]): link["url"] for link in await self.links()}
        return self._urls[email, session].replace(self.url, self.url_at(at) if at else self.url)

    async def command_as(self, email: str, command: str, **body: Any) -> Any:
        """Send one command over a socket of this person's own."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(await self.link(email), allow_redirects=False) as answer:
                assert answer.status == 303
            cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in http.cookie_jar)
        client = await connect(self.url, cookies, {"session": body.get("session")})
        try:
            return await client.do(command, **body)
        finally:
            await client.sio.disconnect()
