"""A server process of one's own: ``conference serve`` on a data directory, on ports that nobody uses."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from conference.core.errors import ConferenceError

READY_SECONDS = 90
STOP_SECONDS = 15


_PORTS = range(15_000, 32_000)
"""Below those that Linux gives to connections (``net.ipv4.ip_local_port_range``), so that none takes one meanwhile."""


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
"""``linux/prctl.h``"""


def _end_with_parent() -> None:
    """Called in the new process: it is told to end when the one that started it does, however that ends (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def free_ports(count: int) -> int:
    """The first of so many ports of the loopback in a row that nobody uses now, neither by UDP nor by TCP."""
    while True:
        first = random.choice(_PORTS[:-count])
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for port in range(first, first + count):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    taken.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return first


class Server:
    """``conference serve``, on the same ports however often it is started.

    Args:
        data: its data directory.
        host: the address to listen on, also for the addresses of links.
        prefix: words before the command, e.g. to run it in a network namespace.
        program: the ``conference`` command as Python takes it.
        media_workers: how many processes for picture and sound.
        options: more flags of ``serve``.
        log: where its standard error goes; this process's own where it is None.
        environ: its environment, `directory`: its working directory; this process's own where they are None.
    """

    def __init__(
        self,
        data: Path,
        *,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        program: Sequence[str] = ("-m", "conference.cli"),
        media_workers: int = 2,
        options: Sequence[str] = (),
        log: Path | None = None,
        environ: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self.data = data
        self.program = list(program)
        self.host = host
        self.prefix = list(prefix)
        self.port = free_ports(1)
        self.media_workers = media_workers
        self.media_port = free_ports(media_workers)
        self.process: asyncio.subprocess.Process | None = None
        self._options, self._log, self._environ, self._directory = list(options), log, environ, directory

    @property
    def url(self) -> str:
        """The address of the pages."""
        return self.url_at("127.0.0.1" if self.host == "0.0.0.0" else self.host)

    def url_at(self, address: str) -> str:
        """The address of the pages for somebody who reaches the server there."""
        return f"http://{address}:{self.port}"

    async def command(self, *arguments: str) -> bytes:
        """Run a ``conference`` command on the same data; returns what it printed.

        Raises:
            ConferenceError: ``rehearsal.command`` when it fails.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, *self.program, "--data", str(self.data), *arguments,
            stdout=asyncio.subprocess.PIPE, env=self._environ, cwd=self._directory,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise ConferenceError("rehearsal.command", f"»conference {arguments[0]}« ist gescheitert.")
        return output

    async def start(self) -> None:
        """Start, and wait until it is ready. Raises ConferenceError ``rehearsal.server``."""
        with contextlib.ExitStack() as files:
            errors = files.enter_context(self._log.open("ab")) if self._log else None
            self.process = await asyncio.create_subprocess_exec(
                *self.prefix, sys.executable, *self.program, "--data", str(self.data), "serve",
                "--host", self.host, "--port", str(self.port), "--media-port", str(self.media_port),
                "--media-workers", str(self.media_workers), *self._options,
                stdout=asyncio.subprocess.PIPE, stderr=errors, env=self._environ, cwd=self._directory,
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip
        if self.process.stdout is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(READY_SECONDS):
                    while line := (await self.process.stdout.readline()).decode():
                        if line.startswith("ready "):
                            return
        await self.kill()
        raise ConferenceError("rehearsal.server", "Der Server wurde nicht bereit.")

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
            try:
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process.pid, signal.SIGKILL)
                await self.process.wait()

    async def links(self) -> list[dict[str, Any]]:
        """All links."""
        found: list[dict[str, Any]] = json.loads(
            await self.command("links", "--format", "json", "--public-url", self.url)
        )
        return found


AnyServer = TypeVar("AnyServer", bound=Server)


@contextlib.asynccontextmanager
async def running(server: AnyServer) -> AsyncIterator[AnyServer]:
    """A server for as long as needed."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
