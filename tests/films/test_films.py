"""Films from the file to the stage: taken in, served to those who see them, played by the clock, taken away."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conference.cli import main
from conference.core.clock import from_iso
from conference.core.errors import ConferenceError
from conference.demo import HERE as DEMO
from conference.films.files import folder
from conference.hall.visit import Visit
from tests.films.made import SUBTITLES, make_film
from tests.house import ANNA, MODERATOR, ORGANISER, PRODUCTION, House, until
from tests.the_day import FILM
from tests.visits import Crowd, Room, open_room

LIVE = "live-2"
LENGTH = 60
"""Seconds of the film that `Crowd.file_film` takes in."""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = tmp_path_factory.mktemp("films")
    return {kind: make_film(made / f"film.{kind}", 2) for kind in ("webm", "mp4")}


# --- the files ------------------------------------------------------------------------------------------------------


def form(film: bytes, name: str = "film.webm", subtitles: str | None = SUBTITLES) -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("film", film, filename=name)
    if subtitles is not None:
        data.add_field("subtitles", subtitles.encode(), filename="film.vtt")
    return data


def twice(film: bytes) -> aiohttp.FormData:
    data = form(film, subtitles=None)
    data.add_field("film", film, filename="noch einer.webm")
    return data


async def upload(house: House, data: aiohttp.FormData, part: str = FILM, who: str = ORGANISER) -> tuple[int, str]:
    async with (
        await house.browser(who) as browser,
        browser.post(f"/organise/films/{LIVE}/{part}", data=data, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.text()


async def fetch(house: House, who: str | None, path: str, **headers: str) -> tuple[int, bytes, Any]:
    async with await house.browser(who) as browser, browser.get(path, headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers


async def shown(house: House) -> str:
    """The film is on stage: its address."""
    moderator = await house.enter(MODERATOR, LIVE)
    await moderator.do("session.move", session=LIVE, to="live")
    await moderator.do("film.start", session=LIVE, part=FILM)
    [fact] = await until(lambda: moderator.heard("film.changed"))
    return f"/film/{fact['film']['key']}"


def kept(house: House) -> set[str]:
    return {path.suffix for path in folder(house.data).iterdir()} if folder(house.data).exists() else set()


@pytest.mark.parametrize("kind", ["webm", "mp4"])
async def test_a_film_is_taken_in_and_served_in_ranges(house: House, films: dict[str, Path], kind: str) -> None:
    whole = films[kind].read_bytes()
    assert (await upload(house, form(whole, f"Krise als Chance.{kind}")))[0] == 303
    address = await shown(house)
    status, body, headers = await fetch(house, ANNA, address)
    assert (status, body, headers["Content-Type"]) == (200, whole, f"video/{kind}")
    assert headers["Cache-Control"].startswith("private, ")
    assert headers["Accept-Ranges"] == "bytes"
    status, body, headers = await fetch(house, ANNA, address, Range="bytes=100-299")
    assert (status, body) == (206, whole[100:300])
    assert headers["Content-Range"] == f"bytes 100-299/{len(whole)}"
    status, body, headers = await fetch(house, ANNA, f"{address}/subtitles")
    assert (status, body.decode(), headers["Content-Type"]) == (200, SUBTITLES, "text/vtt; charset=utf-8")


async def test_nobody_else_sees_it(house: House, films: dict[str, Path]) -> None:
    await upload(house, form(films["webm"].read_bytes()))
    address = await shown(house)
    moderator = house.clients[-1]
    async with house.http.get(address) as answer:
        assert answer.status == 401, "without a link"
    for who in (ANNA, None, PRODUCTION):
        assert (await fetch(house, who, address))[0] == 200, who
    await moderator.do("film.stop", session=LIVE, part=FILM)
    for path in (address, f"{address}/subtitles"):
        assert (await fetch(house, ANNA, path))[0] == 404, "it is over"
        assert (await fetch(house, MODERATOR, path))[0] == 200
    await moderator.do("film.start", session=LIVE, part=FILM)
    await moderator.do("session.move", session=LIVE, to="backstage")
    assert (await fetch(house, ANNA, address))[0] == 404, "the session no longer runs"
    for path in ("/film/" + "a" * 32, "/film/..%2f..%2fsecret.key", "/film/x"):
        assert (await fetch(house, MODERATOR, path))[0] == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (form(b"%PDF-1.7 ganz anders" * 100), "Das ist kein Film"),
        (form(b""), "Bitte eine Filmdatei"),
        (form(b"\x1a\x45\xdf\xa3" + b"x" * 5000), "nicht zu lesen"),
        (form(b"\x1a\x45\xdf\xa3", subtitles="keine"), "keine Untertitel"),
        (twice(b"\x1a\x45\xdf\xa3"), "genau eine Filmdatei"),
    ],
)
async def test_what_is_no_film_leaves_nothing_behind(house: House, data: aiohttp.FormData, words: str) -> None:
    status, text = await upload(house, data)
    assert status == 422
    assert words in text
    assert kept(house) == set()


async def test_films_are_the_organisers_and_for_films_alone(house: House, films: dict[str, Path]) -> None:
    body = films["webm"].read_bytes()
    for who in (ANNA, MODERATOR, PRODUCTION):
        assert (await upload(house, form(body), who=who))[0] == 403, who
    status, text = await upload(house, form(body), part="vortrag")
    assert (status, "ist kein Film" in text) == (422, True)
    assert kept(house) == set()


async def test_another_file_takes_its_place_but_not_while_it_plays(house: House, films: dict[str, Path]) -> None:
    await upload(house, form(films["webm"].read_bytes()))
    assert (await upload(house, form(films["mp4"].read_bytes(), "neu.mp4", None)))[0] == 303
    assert kept(house) == {".mp4"}
    address = await shown(house)
    assert (await fetch(house, ANNA, f"{address}/subtitles"))[0] == 404
    status, text = await upload(house, form(films["webm"].read_bytes()))
    assert (status, "läuft gerade" in text, kept(house)) == (422, True, {".mp4"})
    await house.clients[-1].do("film.stop", session=LIVE, part=FILM)
    async with await house.browser(ORGANISER) as browser:
        path = f"/organise/films/{LIVE}/{FILM}/remove"
        async with browser.post(path, allow_redirects=False) as answer:
            assert answer.status == 303
    assert kept(house) == set()
    assert house.clients[-1].heard("film.filed")[-1]["films"][0]["file"] is None


def test_the_command_line_takes_a_film_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], films: dict[str, Path]
) -> None:
    data, left = tmp_path / "data", tmp_path / "data" / "films" / "left.coming"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a film")
    os.utime(left, (0, 0))
    subtitles = tmp_path / "film.vtt"
    subtitles.write_text(SUBTITLES, "utf-8")

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["--data", str(data), *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert run("import", DEMO / "kooperationskonferenz.yaml")[0] == 0
    size = films["mp4"].stat().st_size / 1e6
    done = run("film", LIVE, FILM, films["mp4"], "--subtitles", subtitles)
    assert done == (0, f"film.mp4: 0:02 min, {size:.1f} MB\n")
    assert sorted(path.suffix for path in folder(data).iterdir()) == [".mp4", ".vtt"]
    code, said = run("film", LIVE, "vortrag", films["mp4"])
    assert (code, said) == (1, "Dieser Teil des Programms ist kein Film.\n")
    assert run("film", LIVE, FILM, subtitles)[0] == 1
    assert sorted(path.suffix for path in folder(data).iterdir()) == [".mp4", ".vtt"]


# --- the stage ------------------------------------------------------------------------------------------------------


async def _refused(room: Room, visit: Visit, command: str, **body: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        await room.do(visit, command, session=LIVE, part=FILM, **body)
    return refused.value.code


async def test_a_film_plays_by_the_clock_and_the_stage_returns(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        crowd = Crowd(room)
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
        await crowd.file_film()
        assert await _refused(room, lilie, "film.start") == "stage.not_open"
        await room.do(lilie, "session.move", session=LIVE, to="live")
        assert await _refused(room, anna, "film.start") == "not_allowed"
        assert await _refused(room, lilie, "film.pause", paused=True) == "not_found"
        for _ in range(2):
            await room.do(lilie, "film.start", session=LIVE, part=FILM)
        snapshot = await room.snapshot(anna)
        assert from_iso(snapshot["film"]["started_at"]) == room.clock.now() + timedelta(seconds=3)
        assert (snapshot["films"], len((await room.snapshot(lilie))["films"])) == (None, 1)
        await crowd.wait(3 + 20)
        await room.do(lilie, "film.pause", session=LIVE, part=FILM, paused=True)
        assert (await room.snapshot(anna))["film"] | {"key": ""} == {
            "part": FILM, "title": "Krise als Chance (IB)", "key": "", "type": "video/webm", "subtitles": True,
            "duration": LENGTH * 1000, "started_at": None, "position": 20_000,
        }  # fmt: skip
        await crowd.wait(3600)
        await room.do(lilie, "film.pause", session=LIVE, part=FILM, paused=False)
        await crowd.wait(LENGTH - 20 - 1)
        assert (await room.snapshot(anna))["film"] is not None
        await crowd.wait(1)
        assert (await room.snapshot(anna))["film"] is None


async def test_a_film_goes_on_after_a_restart_and_ends_by_the_clock(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie = await room.enter(MODERATOR, LIVE)
        await Crowd(room).file_film()
        await room.do(lilie, "session.move", session=LIVE, to="live")
        await room.do(lilie, "film.start", session=LIVE, part=FILM)
        before = (await room.snapshot(lilie))["film"]
    async with open_room(tmp_path) as room:
        lilie = await room.enter(MODERATOR, LIVE)
        assert (await room.snapshot(lilie))["film"] == before
        await Crowd(room).wait(LENGTH + 3)
        assert (await room.snapshot(lilie))["film"] is None


async def test_a_session_that_ends_takes_its_film_along(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie = await room.enter(MODERATOR, LIVE)
        await Crowd(room).file_film()
        await room.do(lilie, "session.move", session=LIVE, to="live")
        await room.do(lilie, "film.start", session=LIVE, part=FILM)
        await room.do(lilie, "session.move", session=LIVE, to="ended")
        assert (await room.snapshot(lilie))["film"] is None


async def test_a_film_waits_while_there_is_a_pause(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        crowd = Crowd(room)
        lilie = await room.enter(MODERATOR, LIVE)
        await crowd.file_film()
        await room.do(lilie, "session.move", session=LIVE, to="live")
        await room.do(lilie, "film.start", session=LIVE, part=FILM)
        await crowd.wait(3 + 5)
        await room.do(lilie, "pause.start", session=LIVE, minutes=5)
        await crowd.wait(200)
        film = (await room.snapshot(lilie))["film"]
        assert (film["started_at"], film["position"]) == (None, 5_000)


# --- the run of show ------------------------------------------------------------------------------------------------


async def _to_film(room: Room, visit: Visit) -> int:
    """Everything in front of the film is left out; the step that comes."""
    await room.do(visit, "session.move", session=LIVE, to="live")
    for _ in range(60):
        direction = (await room.snapshot(visit))["direction"]
        step: int = direction["step"]
        if next(cue for cue in direction["cues"] if cue["state"] == "waiting")["key"] == f"{LIVE}:film:{FILM}":
            return step
        await room.do(visit, "direction.skip", session=LIVE, step=step)
    raise AssertionError("no cue for the film")


async def test_one_press_hands_over_to_the_film_and_back(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        crowd, organiser = Crowd(room), await room.enter(ORGANISER, LIVE)
        await crowd.file_film()
        step = await _to_film(room, organiser)
        await room.do(organiser, "direction.next", session=LIVE, step=step)
        snapshot = await room.snapshot(organiser)
        assert snapshot["film"]["part"] == FILM
        assert (snapshot["show"]["part"]["part"], snapshot["show"]["part"]["production"]) == (FILM, False)
        await room.do(organiser, "direction.undo", session=LIVE, step=step + 1)
        snapshot = await room.snapshot(organiser)
        assert (snapshot["film"], snapshot["show"]["part"]) == (None, None)
        await room.do(organiser, "direction.next", session=LIVE, step=step + 2)
        await crowd.wait(LENGTH + 3)
        snapshot = await room.snapshot(organiser)
        assert (snapshot["film"], snapshot["show"]["part"]["ended"]) == (None, True)


async def test_without_a_file_the_production_plays_it(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        organiser = await room.enter(ORGANISER, LIVE)
        step = await _to_film(room, organiser)
        await room.do(organiser, "direction.next", session=LIVE, step=step)
        snapshot = await room.snapshot(organiser)
        assert (snapshot["film"], snapshot["show"]["part"]["production"]) == (None, True)
        await room.do(organiser, "direction.end_part", session=LIVE)
        assert (await room.snapshot(organiser))["show"]["part"]["ended"] is True
