"""Debian's coturn beside the conference, as the installation guide sets it up (without TLS)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

BINARY = "/usr/bin/turnserver"
SECRET = "a secret that both know"


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def coturn(host: str, secret: str = SECRET) -> AsyncIterator[int]:
    """A TURN server on an IPv4 address of ours, opened by time-limited credentials; gives its port (UDP and TCP).

    It relays to that address and nowhere else.
    """
    port = _free_port(host)
    with tempfile.TemporaryDirectory() as directory:
        process = await asyncio.create_subprocess_exec(
            BINARY, "-n", "--listening-ip", host, "--relay-ip", host, "--listening-port", str(port),
            "--use-auth-secret", "--static-auth-secret", secret, "--realm", "conference", "--fingerprint",
            "--no-tls", "--no-dtls", "--no-cli", "--no-multicast-peers", "--log-file", "stdout", "--simple-log",
            "--denied-peer-ip", "0.0.0.0-255.255.255.255", "--allowed-peer-ip", host,
            "--pidfile", str(Path(directory) / "pid"), "--userdb", str(Path(directory) / "users"),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await _answers(host, port)
            yield port
        finally:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _answers(host: str, port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return
            await asyncio.sleep(0.05)
