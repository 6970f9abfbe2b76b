"""Janus VideoRoom as a server beside ours: configured for forwarding and nothing else, and asked over its own protocol.

It runs with one event loop, which is its best on few cores, and with the publisher's packets going through the plugin
as they do in any conference. Viewers answer its offers with all that they contain: the same codecs, extensions and
repair that viewers of ours ask for.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp

from conference.media import ice
from conference.media.aiortc_seam import Certificate
from tests.media import synthetic
from tests.media.synthetic import SyntheticPeer

PROGRAM = "/usr/bin/janus"
LIBRARY = next(Path("/usr/lib").glob("*/janus"), Path("/usr/lib/janus"))
PLUGIN, TRANSPORT = "libjanus_videoroom.so", "libjanus_websockets.so"
ROOM = 1
PATIENCE, CHECK_SECONDS = 20.0, 0.02
OURS_TO_SAY: tuple[str, ...] = ("a=candidate:", "a=end-of-candidates", "a=fingerprint:", "a=ice-", "a=mid:", "a=msid:")
OURS_TO_SAY += ("a=rtcp-mux", "a=rtcp:", "a=setup:", "a=ssrc:", "a=ssrc-group:")


class Janus:
    """A Janus of our own, child of this process, reachable through a socket file and on the loopback."""

    name = "Janus"

    def __init__(self) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._numbers = itertools.count(1)
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._up: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._feed = 0
        self._address = own_address()

    # life

    async def start(self) -> None:
        """Run it and open a session.

        Raises:
            RuntimeError: it ended or never answered; with what it had to say.
        """
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="janus-")))
        for name, text in configuration(directory, self._address).items():
            (directory / name).write_text(text, "utf-8")
        log = self._stack.enter_context((directory / "log").open("w+b"))
        words = ("-F", str(directory), "--disable-colors")
        try:
            self._process = await asyncio.create_subprocess_exec(PROGRAM, *words, stdout=log, stderr=log)
            self._stack.push_async_callback(self._end)
            await self._connect(directory / "socket")
            self._reader = asyncio.get_running_loop().create_task(self._read())
            self._stack.callback(self._reader.cancel)
            self._session = (await self._ask(janus="create"))["data"]["id"]
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            said = (directory / "log").read_text("utf-8", "replace")[-2000:]
            await self._stack.aclose()
            raise RuntimeError(f"Janus does not start: {error!r}\n{said}") from error

    async def _connect(self, path: Path) -> None:
        http = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)))
        await self._stack.enter_async_context(http)
        async with asyncio.timeout(PATIENCE):
            while True:
                if self._process.returncode is not None:
                    raise ConnectionError(f"ended with {self._process.returncode}")
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    self._line = await http.ws_connect("http://janus/", protocols=("janus-protocol",))
                    return
                await asyncio.sleep(0.1)

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 3)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def stop(self) -> None:
        """End it."""
        await self._stack.aclose()

    async def cpu_seconds(self) -> float:
        """Seconds of CPU that all its threads have used, to the nanosecond: the process's own clock."""
        return time.clock_gettime(~self._process.pid << 3 | 2)

    # protocol

    async def _read(self) -> None:
        async for frame in self._line:
            message = frame.json()
            if message["janus"] == "webrtcup":
                self._up[message["sender"]].set()
            elif message["janus"] != "ack" and message.get("transaction") in self._replies:
                self._replies.pop(message["transaction"]).set_result(message)

    async def _ask(self, **message: Any) -> dict[str, Any]:
        """Send a request; its answer, which may come some time after its acknowledgement."""
        number = str(next(self._numbers))
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        await self._line.send_json({"transaction": number, **message})
        answer: dict[str, Any] = await asyncio.wait_for(reply, PATIENCE)
        if "error" in answer or "error" in answer.get("plugindata", {}).get("data", {}):
            raise RuntimeError(f"Janus refuses: {answer}")
        return answer

    async def _attach(self) -> int:
        answer = await self._ask(janus="attach", session_id=self._session, plugin="janus.plugin.videoroom")
        return int(answer["data"]["id"])

    async def _tell(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        described = {} if jsep is None else {"jsep": jsep}
        return await self._ask(janus="message", session_id=self._session, handle_id=handle, body=body, **described)

    # media

    async def publish(self, certificate: Certificate, offer: str) -> SyntheticPeer:
        """Connect the publisher."""
        handle = await self._attach()
        joined = await self._tell(handle, {"request": "join", "ptype": "publisher", "room": ROOM, "display": "anna"})
        self._feed = joined["plugindata"]["data"]["id"]
        answer = await self._tell(handle, {"request": "publish"}, {"type": "offer", "sdp": offer})
        return await self._connect_peer(handle, certificate, answer["jsep"]["sdp"])

    async def view(self, certificate: Certificate, number: int) -> SyntheticPeer:
        """Connect a viewer. It lets Janus begin with DTLS, and so chooses the cipher itself."""
        handle = await self._attach()
        wish = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": self._feed}]}
        offer = (await self._tell(handle, wish))["jsep"]["sdp"]
        sdp = answer_to(offer, certificate)
        await self._tell(handle, {"request": "start"}, {"type": "answer", "sdp": sdp})
        return await self._connect_peer(handle, certificate, offer)

    async def _connect_peer(self, handle: int, certificate: Certificate, description: str) -> SyntheticPeer:
        """Agree on keys; Janus begins with DTLS, so that the cipher is chosen here.

        No candidates are named, since whoever writes to Janus is found by that.
        """
        about = {"transaction": "", "session_id": self._session, "handle_id": handle}
        await self._line.send_json({"janus": "trickle", **about, "candidate": {"completed": True}})
        peer = CheckedPeer(certificate)
        peer.host = self._address
        connecting = asyncio.create_task(peer.connect(description, "server"))
        async with asyncio.timeout(PATIENCE):
            while not connecting.done():
                await asyncio.wait([connecting], timeout=CHECK_SECONDS)
                peer.check()
            connecting.result()
            await self._up[handle].wait()
        return peer


class CheckedPeer(SyntheticPeer):
    """A peer that answers the checks which Janus makes, ICE-lite or not, and repeats its own."""

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        request = ice.read_request(data) if data[0] < 4 else None
        if request is None:
            super().datagram_received(data, address)
        else:
            self.send(ice.success(request, ice.Credentials(synthetic.UFRAG, synthetic.PASSWORD, ""), address))

    def check(self) -> None:
        """Nominate once more."""
        self.send(bytes(self.binding()))


def own_address() -> str:
    """An address of this machine, since Janus passes the loopback interface by; to it, too, packets go by loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1", 9))
        return str(asking.getsockname()[0])


def answer_to(offer: str, certificate: Certificate) -> str:
    """A viewer's answer that accepts every m-section as it is offered, and is the passive side of DTLS."""
    _, *sections = offer.replace("\r\n", "\n").rstrip("\n").split("\nm=")
    accepted = []
    for section in sections:
        lines = ["m=" + section.split("\n")[0], *section.split("\n")[1:]]
        kept = [line for line in lines if not line.startswith(OURS_TO_SAY)]
        accepted.append("\n".join(kept).replace("a=sendonly", "a=recvonly"))
    return synthetic.offer(certificate, accepted, setup="passive")


def configuration(directory: Path, address: str) -> dict[str, str]:
    """Its files by name: one plugin, one transport, no server asked for anything, nothing outside the loopback."""
    plugins, transports, loggers = (_others(kind) for kind in ("plugins", "transports", "loggers"))
    return {
        "janus.jcfg": f"""
            general: {{
                plugins_folder = "{LIBRARY}/plugins"
                transports_folder = "{LIBRARY}/transports"
                loggers_folder = "{LIBRARY}/loggers"
                events_folder = "{LIBRARY}/events"
                debug_level = 2
                event_loops = 1
            }}
            nat: {{
                nice_debug = false
                ice_lite = true
                ice_enforce_list = "{address}"
            }}
            plugins: {{ disable = "{plugins}" }}
            transports: {{ disable = "{transports}" }}
            loggers: {{ disable = "{loggers}" }}
            events: {{ broadcast = false }}
        """,
        "janus.transport.websockets.jcfg": f"""
            general: {{
                json = "compact"
                ws = true
                ws_unix = "{directory}/socket"
                wss = false
            }}
            admin: {{ admin_ws = false }}
        """,
        "janus.plugin.videoroom.jcfg": f"""
            general: {{ events = false }}
            room-{ROOM}: {{
                description = "bench"
                publishers = 1
                bitrate = 0
                fir_freq = 0
                audiocodec = "opus"
                videocodec = "vp8"
                record = false
                transport_wide_cc_ext = false
                videoorient_ext = false
                playoutdelay_ext = false
            }}
        """,
    }


def _others(kind: str) -> str:
    """Every library of a kind that is not needed, as Janus wants them named."""
    names = {path.name for path in (LIBRARY / kind).glob("libjanus_*.so")}
    return ",".join(sorted(names - {PLUGIN, TRANSPORT}))
