"""Network namespaces: a machine of its own for a browser, an encoder, or a bad line. Needs root."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import socket
import stat
import threading
from pathlib import Path
from types import TracebackType

CLONE_NEWNET = 0x40000000
_numbers = itertools.count(1)


async def run(*command: str) -> str:
    """Run a command; its output.

    Raises:
        RuntimeError: it failed; the message is what it complained about.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {errors.decode().strip()}")
    return output.decode()


class Namespace:
    """A network namespace, joined to ours by a pair of virtual interfaces; gone at the end of the ``async with``.

    Attributes:
        name: as ``ip netns exec`` takes it.
        ours: our address on the link, where servers may listen for it.
        theirs: its own address.
        ours6, theirs6: the same as IPv6 (unique local ones).
        link, inner: the names of our and of its interface, for ``tc`` and ``nft``.
    """

    def __init__(self) -> None:
        number = next(_numbers)
        subnet = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
        self.name = f"conf-{os.getpid()}-{number}"
        self.link, self.inner = f"cf{os.getpid() % 100000}-{number}", f"cn{os.getpid() % 100000}-{number}"
        self.ours, self.theirs = f"{subnet}.{4 * number + 1}", f"{subnet}.{4 * number + 2}"
        self.ours6, self.theirs6 = (f"fd00:{os.getpid() & 0xFFFF:x}:{number:x}::{end}" for end in (1, 2))

    async def __aenter__(self) -> Namespace:
        await run("ip", "netns", "add", self.name)
        try:
            await run("ip", "link", "add", self.link, "type", "veth", "peer", self.inner, "netns", self.name)
            await run("ip", "addr", "add", f"{self.ours}/30", "dev", self.link)
            await run("ip", "addr", "add", f"{self.ours6}/64", "dev", self.link, "nodad")
            await run("ip", "link", "set", self.link, "up")
            await self.run("ip", "addr", "add", f"{self.theirs}/30", "dev", self.inner)
            await self.run("ip", "addr", "add", f"{self.theirs6}/64", "dev", self.inner, "nodad")
            await self.run("ip", "link", "set", self.inner, "up")
            await self.run("ip", "link", "set", "lo", "up")
            await self.run("ip", "route", "add", "default", "via", self.ours)
        except BaseException:
            await run("ip", "netns", "del", self.name)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await run("ip", "netns", "del", self.name)

    async def run(self, *command: str) -> str:
        """Run a command inside."""
        return await run("ip", "netns", "exec", self.name, *command)

    async def drop(self, *rules: str) -> None:
        """Drop on the line, coming and going, what matches one of these nftables expressions, in place of the last."""
        lines = " ".join(f"{rule} drop;" for rule in rules)
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} device {self.inner} priority 0; {lines} }}\n"
            for hook in ("ingress", "egress")
        )
        await self.run("nft", f"table netdev fence; delete table netdev fence; table netdev fence {{ {chains} }}")

    async def line(self, up: bool) -> None:
        """Plug the cable in, or pull it out."""
        await self.run("ip", "link", "set", self.inner, "up" if up else "down")

    def wrapper(self, program: str, directory: Path) -> Path:
        """A script that starts a program inside."""
        path = directory / f"{Path(program).name}-in-{self.name}"
        path.write_text(f'#!/bin/sh\nexec {" ".join(self.command(program))} "$@"\n', "ascii")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def command(self, *command: str) -> list[str]:
        """A command line that runs inside."""
        return ["ip", "netns", "exec", self.name, *command]

    async def connect(self, host: str, port: int) -> socket.socket:
        """A TCP connection made from inside; the socket may be used anywhere."""
        return await asyncio.to_thread(self._connect, host, port)

    def _connect(self, host: str, port: int) -> socket.socket:
        """A socket stays in the namespace it was made in, so this thread only visits."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as home:
            with open(f"/run/netns/{self.name}") as there:
                _enter(libc, there.fileno())
            try:
                return socket.create_connection((host, port), timeout=5)
            finally:
                _enter(libc, home.fileno())


def _enter(libc: ctypes.CDLL, descriptor: int) -> None:
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
