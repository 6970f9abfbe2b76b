"""A server process of our own, as a host runs it: started, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from conference.demo import HERE as DEMO
from tests.house import connect

PROGRAMME = DEMO / "kooperationskonferenz.yaml"
PEOPLE = DEMO / "people.csv"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody uses now, neither by UDP nor by TCP."""
    while True:
        first = free_port(socket.SOCK_DGRAM)
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError, OverflowError):
            for port in range(first, first + count):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    taken.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return first


class Server:
    """``conference serve`` on a data directory, on the same ports however often it is started.

    Args:
        prefix: words before the command, e.g. to run it in a network namespace.
        host: the address to listen on, also for the addresses of links.
        program: the ``conference`` command as Python takes it.
        media_workers: how many processes for picture and sound.
    """

    def __init__(
        self,
        data: Path,
        *,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        program: Sequence[str] = ("-m", "conference.cli"),
        media_workers: int = 2,
    ) -> None:
        self.data = data
        self.program = list(program)
        self.host = host
        self.prefix = list(prefix)
        self.port = free_port()
        self.media_workers = media_workers
        self.media_port = free_ports(media_workers)
        self.process: asyncio.subprocess.Process | None = None
        self._urls: dict[tuple[str | None, str | None], str] = {}

    @property
    def url(self) -> str:
        return self.url_at("127.0.0.1" if self.host == "0.0.0.0" else self.host)

    def url_at(self, address: str) -> str:
        """The address of the pages for somebody who reaches the server there."""
        return f"http://{address}:{self.port}"

    async def command(self, *arguments: str) -> bytes:
        """Run a ``conference`` command on the same data; returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, *self.program, "--data", str(self.data), *arguments, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output

    async def import_day(self, people: Path | None = PEOPLE) -> None:
        """Import the Kooperationskonferenz."""
        await self.command("import", str(PROGRAMME), *(["--people", str(people)] if people else []))

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            *self.prefix, sys.executable, *self.program, "--data", str(self.data), "serve",
            "--host", self.host, "--port", str(self.port), "--media-port", str(self.media_port),
            "--media-workers", str(self.media_workers),
            stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while line := (await self.process.stdout.readline()).decode():
                if line.startswith("ready "):
                    return
        raise RuntimeError("the server did not get ready")

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

    async def kill(self) -> None:
        """SIGKILL, as when the machine fails: no farewell, no cleaning up."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self.process and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, how)
            await self.process.wait()

    async def links(self) -> list[dict[str, Any]]:
        """All links."""
        url = ["--public-url", self.url]
        found: list[dict[str, Any]] = json.loads(await self.command("links", "--format", "json", *url))
        return found

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


@contextlib.asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    """A server for as long as needed."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
