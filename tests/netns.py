"""Network namespaces of the test's own: a second host on this machine, with a line that can be cut."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Namespace:
    """A host with one network card, connected to this machine.

    Attributes:
        name: of the namespace.
        here: this machine's address on the line.
        there: the host's address.
    """

    name: str
    here: str
    there: str

    @property
    def enter(self) -> list[str]:
        """Words to put before a command that shall run there."""
        return ["ip", "netns", "exec", self.name]

    def line(self, up: bool) -> None:
        """Plug the cable in or out."""
        _ip("netns", "exec", self.name, "ip", "link", "set", "eth0", "up" if up else "down")

    def wrapper(self, program: str, directory: Path) -> Path:
        """A script that starts a program there."""
        path = directory / f"{Path(program).name}-in-{self.name}"
        path.write_text(f'#!/bin/sh\nexec {" ".join(self.enter)} {program} "$@"\n', "ascii")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    """Make a namespace and the line to it; both are gone afterwards."""
    number = os.getpid() % 200 + 20
    made = Namespace(f"conf{os.getpid()}", f"10.231.{number}.1", f"10.231.{number}.2")
    card = f"cf{os.getpid()}"
    _ip("netns", "add", made.name)
    try:
        _ip("link", "add", card, "type", "veth", "peer", "name", "eth0", "netns", made.name)
        _ip("addr", "add", f"{made.here}/30", "dev", card)
        _ip("link", "set", card, "up")
        inside = ["netns", "exec", made.name, "ip"]
        _ip(*inside, "addr", "add", f"{made.there}/30", "dev", "eth0")
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", "eth0", "up")
        yield made
    finally:
        _ip("netns", "delete", made.name)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
