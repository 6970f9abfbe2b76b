"""The media worker: a process of its own that forwards packets and obeys the engine at the other end of a socket.

``python -m conference.media.worker --control-fd N --host ADDRESS --port PORT --address ADDRESS …``; it ends when the
control socket or its parent does, so that no worker outlives its server.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from conference.core.errors import ConferenceError
from conference.media import control
from conference.media.exchange import Exchange
from conference.media.tcp import TcpListener, sockets
from conference.media.waits import HALF_OPEN, SILENT

VERBS = frozenset(
    {"publish", "view", "patch", "close", "switch", "assign", "gather", "show", "mute", "take", "drop", "stats"}
)
ENDING = 5
"""Seconds that closing everything may take."""


class Worker:
    """Answers the engine's requests with an exchange."""

    def __init__(self, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        self._exchange = exchange
        self._writer = writer

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Obey until the engine is gone."""
        while (request := await control.read(reader)) is not None:
            control.write(self._writer, {"id": request["id"], **self._reply(request)})

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"result": self._call(request["verb"], request["arguments"])}
        except ConferenceError as error:
            return {"error": {"code": error.code, "message": error.message}}
        except Exception:  # what one asks for may not cost the others their media
            self._exchange.failed()
            return {"error": {"code": "media.refused", "message": "Das ließ sich nicht auswerten."}}

    def _call(self, verb: str, arguments: dict[str, Any]) -> Any:
        if verb not in VERBS:
            raise ValueError(f"unknown verb {verb!r}")
        result = getattr(self._exchange, verb)(**arguments)
        return asdict(result) if verb in ("publish", "view") else result


async def _orphaned(parent: int) -> None:
    """Wait until the process that started this one is gone, though somebody else may hold its end of the socket."""
    while os.getppid() == parent:
        await asyncio.sleep(1)


async def run(options: argparse.Namespace) -> None:
    """Open the sockets, say that we are ready, and work until the control socket ends."""
    orphaned = asyncio.create_task(_orphaned(os.getppid()))
    udp, tcp = sockets(options.host, options.port)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=options.control_fd))

    def tell(kind: str, resource: str, owner: str, detail: dict[str, Any]) -> None:
        control.write(writer, {"event": kind, "resource": resource, "owner": owner, "detail": detail})

    exchange = Exchange(udp, options.address, tell, options.half_open, options.silent)
    loop = asyncio.get_running_loop()
    loop.add_reader(udp.socket.fileno(), exchange.readable)
    listener = TcpListener(exchange.framed, exchange.unframed)
    await listener.listen(tcp)
    if options.link is not None:
        exchange.relay.listen(options.link)
    chores = asyncio.create_task(exchange.run())
    control.write(writer, {"event": "ready", "port": udp.port})
    serving = asyncio.create_task(Worker(exchange, writer).serve(reader))
    await asyncio.wait([chores, serving, orphaned], return_when=asyncio.FIRST_COMPLETED)
    signal.alarm(ENDING)  # the kernel ends what does not end
    for task in (chores, serving, orphaned):
        task.cancel()
    await asyncio.gather(chores, serving, orphaned, return_exceptions=True)
    await exchange.end()
    loop.remove_reader(udp.socket.fileno())
    await listener.close()
    udp.close()
    writer.close()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="conference.media.worker", description=__doc__)
    parser.add_argument("--control-fd", type=int, required=True, help="inherited socket to the engine")
    parser.add_argument("--host", default="0.0.0.0", help="address to bind the UDP port to")
    parser.add_argument("--port", type=int, default=0, help="UDP port, 0 for any")
    parser.add_argument("--address", action="append", required=True, help="address to advertise, best first")
    parser.add_argument("--half-open", type=float, default=HALF_OPEN, help="seconds to wait for a connection")
    parser.add_argument("--silent", type=float, default=SILENT, help="seconds to bear a silent peer")
    parser.add_argument("--link", type=Path, help="where other workers find this one; none without")
    parser.add_argument("--core", type=int, help="core to stay on; any without")
    return parser


def main() -> None:
    """Run a worker; ^C is the engine's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = parser().parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    gc.set_threshold(50_000, 20, 100)
    gc.freeze()  # what is there now stays; `Exchange` collects what peers leave behind
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each TCP connection is an open file
    try:
        uvloop.run(run(options))
    except OSError as error:
        sys.exit(f"media worker: UDP and TCP {options.host} port {options.port}: {error.strerror}")


if __name__ == "__main__":
    main()
