"""How the hall bears a crowd: 300 people arrive within 10 s; 300 ballots within 2 s, each sent three times.

The mark beside each figure is the same thing done alone, on the idle server, in the same run.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.server import Server, running

TITLE = "The hall"
PEOPLE = 300
JOIN_SECONDS = 10.0
VOTE_SECONDS = 2.0
SENDINGS = 3
ALONE = 15
SESSION = "live-1"


class Page:
    """A page's socket, spoken by hand (Engine.IO 4 over a websocket), so that the crowd is cheap."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self.hello: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            text = message.data
            if text == "2":
                await self._socket.send_str("3")
            elif text.startswith("43"):
                start = text.index("[")
                self._answers.pop(int(text[2:start])).set_result(json.loads(text[start:])[0])
            elif text.startswith("42"):
                name, body = json.loads(text[2:])
                if name == "hello" and not self.hello.done():
                    self.hello.set_result(body)
                self.heard(name, body)

    def heard(self, name: str, body: Any) -> None:
        """Something was told to the page."""

    async def ask(self, command: str, **body: Any) -> Any:
        """Send a command and wait for its answer."""
        self._next += 1
        answer = self._answers[self._next] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(f"42{self._next}{json.dumps([command, body])}")
        return await asyncio.wait_for(answer, 30)

    async def close(self) -> None:
        self._reader.cancel()
        await self._socket.close()


def participants(links: list[dict[str, Any]]) -> list[str]:
    """The links to the session of all who take part."""
    return [str(link["url"]) for link in links if link["session"] == SESSION and link["role"] == "participant"][:PEOPLE]


async def arrive(http: aiohttp.ClientSession, url: str, kind: type[Page] = Page) -> tuple[float, Page]:
    """From the link to the live page: link, page, socket, hello, joined. Returns the seconds and the page."""
    began = time.perf_counter()
    async with http.get(url, allow_redirects=False) as answer:
        cookies = SimpleCookie()
        for header in answer.headers.getall("Set-Cookie"):
            cookies.load(header)
        target = answer.headers["Location"]
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    base = url.split("/j/")[0]
    async with http.get(base + target, headers={"Cookie": cookie, "Accept": "text/html"}) as answer:
        assert answer.status == 200, answer.status
        await answer.read()
    address = base.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    line = await http.ws_connect(address, headers={"Cookie": cookie})
    await line.receive_str()
    await line.send_str("40" + json.dumps({"session": SESSION}))
    page = kind(line)
    await asyncio.wait_for(page.hello, 30)
    assert (await page.ask("session.join", session=SESSION))["ok"]
    return time.perf_counter() - began, page


async def vote(page: Page) -> list[float]:
    """One ballot, sent three times; the seconds of each answer."""
    took = []
    for _ in range(SENDINGS):
        began = time.perf_counter()
        answer = await page.ask("poll.vote", session=SESSION, poll="lage", run=1, choice=1)
        assert answer["ok"], answer
        took.append(time.perf_counter() - began)
    return took


async def _paced(seconds: float, jobs: list[Any]) -> list[Any]:
    """Start the jobs evenly over so many seconds, and wait for all."""

    async def later(number: int, job: Any) -> Any:
        await asyncio.sleep(seconds * number / len(jobs))
        return await job

    return list(await asyncio.gather(*(later(number, job) for number, job in enumerate(jobs))))


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


async def measure(links: list[dict[str, Any]]) -> dict[str, Any]:
    """Both crowds, each beside one person alone."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        [moderating] = [link["url"] for link in links if link["session"] == SESSION and link["role"] == "moderator"]
        _, moderator = await arrive(http, moderating)
        assert (await moderator.ask("session.move", session=SESSION, to="live"))["ok"]
        people = participants(links)
        alone = [await _alone(http, people[0]) for _ in range(ALONE)]
        arrived = await _paced(JOIN_SECONDS, [arrive(http, url) for url in people])
        pages = [page for _, page in arrived]
        assert (await moderator.ask("poll.open", session=SESSION, poll="lage"))["ok"]
        quiet = [seconds for page in pages[:ALONE] for seconds in await vote(page)]
        took = [t for times in await _paced(VOTE_SECONDS, [vote(page) for page in pages]) for t in times]
        assert (await moderator.ask("poll.close", session=SESSION, poll="lage"))["ok"]
        snapshot = (await moderator.ask("page.snapshot", session=SESSION))["result"]
        result = next(poll["result"] for poll in snapshot["polls"] if poll["key"] == "lage")
        for page in [*pages, moderator]:
            await page.close()
    joined = [seconds for seconds, _ in arrived]
    return {
        "join": {"alone": statistics.median(alone), "p50": statistics.median(joined), "p95": p95(joined)},
        "vote": {"alone": statistics.median(quiet), "p50": statistics.median(took), "p95": p95(took)},
        "voted": result["voted"],
        "counts": result["counts"],
    }  # fmt: skip


async def _alone(http: aiohttp.ClientSession, url: str) -> float:
    seconds, page = await arrive(http, url)
    await page.close()
    return seconds


async def run() -> dict[str, Any]:
    """Serve the day with 300 people, measure, stop."""
    with tempfile.TemporaryDirectory() as name:
        people = Path(name) / "people.csv"
        rows = "".join(f"Person;{n};person{n}@example.org\n" for n in range(PEOPLE))
        people.write_text("Vorname;Nachname;E-Mail\n" + rows, "utf-8")
        server = Server(Path(name) / "data")
        await server.import_day(people)
        async with running(server):
            return await measure(await server.links())


def table(figures: dict[str, Any]) -> str:
    """The figures for reading."""
    lines = [f"{'':44}{'p50':>10}{'p95':>10}{'p95 : alone':>14}"]
    for key, title in (
        ("join", f"{PEOPLE} people in {JOIN_SECONDS:.0f} s: link to live page"),
        ("vote", f"{PEOPLE} ballots × {SENDINGS} in {VOTE_SECONDS:.0f} s: answer"),
    ):
        f = figures[key]
        lines.append(f"{title:44}{f['p50'] * 1000:8.0f}ms{f['p95'] * 1000:8.0f}ms{f['p95'] / f['alone']:14.1f}")
    exact = figures["voted"] == PEOPLE and figures["counts"] == [0, PEOPLE, 0, 0, 0]
    lines.append(f"{'counted':44}{figures['voted']:>10}  {'exactly' if exact else 'WRONG: ' + str(figures['counts'])}")
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    exact = result["voted"] == PEOPLE and result["counts"] == [0, PEOPLE, 0, 0, 0]
    arriving = f"{PEOPLE} people in {JOIN_SECONDS:.0f} s: from the link to the live page, p95"
    voting = f"{PEOPLE} ballots in {VOTE_SECONDS:.0f} s, each sent {SENDINGS} times: to the answer, p95"
    return [
        _stated(arriving, result["join"]),
        _stated(voting, result["vote"]),
        Figure(f"counted, of {PEOPLE * SENDINGS}", str(PEOPLE), str(result["voted"]), exact, "every ballot once"),
    ]


def _stated(what: str, seconds: dict[str, float]) -> Figure:
    how = f"median {seconds['p50'] * 1000:.0f} ms; one alone on the idle server {seconds['alone'] * 1000:.0f} ms"
    return Figure(what, "stated", f"{seconds['p95'] * 1000:.0f} ms", None, how)


def main() -> int:
    """Print the table; 1 if a ballot was miscounted."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
