"""A small WHIP and WHEP server around an engine, for clients that want to be met over HTTP (RFC 9725)."""

from __future__ import annotations

from aiohttp import web

from conference.media.engine import Answer, MediaEngine, MediaRefused


class Signalling:
    """Serves ``POST /whip/{owner}``, ``POST /whep/{owner}/{room}``, and ``PATCH`` and ``DELETE`` of what they made.

    Attributes:
        url: where it listens, once entered as an async context manager.
        answers: every answer given, in order.
        tokens: the ``Authorization`` headers that came with POSTs.
    """

    def __init__(self, engine: MediaEngine, page: str = "", host: str = "127.0.0.1") -> None:
        self._engine = engine
        self._page = page
        self._host = host
        self.url = ""
        self.answers: list[Answer] = []
        self.offers: list[str] = []
        self.tokens: list[str] = []

    async def __aenter__(self) -> Signalling:
        app = web.Application(client_max_size=256 * 1024)
        app.add_routes(
            [
                web.get("/", self._index),
                web.post("/whip/{owner}", self._whip),
                web.post("/whep/{owner}/{room}", self._whep),
                web.patch("/media/{resource}", self._patch),
                web.delete("/media/{resource}", self._delete),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, 0)
        await site.start()
        self.url = f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _index(self, _: web.Request) -> web.Response:
        return web.Response(text=self._page, content_type="text/html")

    async def _whip(self, request: web.Request) -> web.Response:
        owner = request.match_info["owner"]
        return await self._made(request, self._engine.publish(await request.text(), owner=owner, kind="camera"))

    async def _whep(self, request: web.Request) -> web.Response:
        owner, room = request.match_info["owner"], request.match_info["room"]
        return await self._made(request, self._engine.view(await request.text(), owner=owner, room=room))

    async def _made(self, request: web.Request, answering: object) -> web.Response:
        self.tokens.append(request.headers.get("Authorization", ""))
        self.offers.append(await request.text())
        try:
            answer = await answering  # type: ignore[misc]
        except MediaRefused as refused:
            return web.json_response(refused.as_dict(), status=400)
        self.answers.append(answer)
        headers = {"Location": f"/media/{answer.resource}", "ETag": f'"{answer.etag}"'}
        return web.Response(status=201, text=answer.sdp, content_type="application/sdp", headers=headers)

    async def _patch(self, request: web.Request) -> web.Response:
        etag = request.headers.get("If-Match", "*").strip('"')
        fragment, new = await self._engine.patch(request.match_info["resource"], await request.text(), etag)
        headers = {"ETag": f'"{new}"'}
        if not fragment:
            return web.Response(status=204, headers=headers)
        return web.Response(text=fragment, content_type="application/trickle-ice-sdpfrag", headers=headers)

    async def _delete(self, request: web.Request) -> web.Response:
        await self._engine.close(request.match_info["resource"])
        return web.Response()
