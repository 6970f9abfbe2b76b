"""Every refusal has a code, a message in words and an address, whoever asks and however."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from conference.core.errors import Address, BadRequest, ConferenceError, NotAllowed, NotFound
from conference.media.engine import MediaRefused, MediaUnavailable
from conference.web.errors import status_of
from tests.house import ANNA, MODERATOR, ORGANISER, House
from tests.live.raw import join

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"[a-z_]+(\.[a-z_]+)?")


def is_an_error(error: Any) -> bool:
    return (
        sorted(error) == ["address", "code", "message"]
        and CODE.fullmatch(error["code"]) is not None
        and error["address"] in set(Address)
        and error["message"].strip() != ""
    )


SOCKET: list[tuple[str, dict[str, Any], str, str]] = [
    ("dance", {}, "unknown_command", "client"),
    ("clock.read", {"x": 1}, "bad_request", "client"),
    ("session.move", {"session": "live-1", "to": "live"}, "not_allowed", "permission"),
    ("session.join", {"session": "live-9"}, "not_found", "person"),
    ("poll.vote", {"session": "live-1", "poll": "lage", "run": 0, "choice": 0}, "poll.closed", "person"),
    ("attendance.read", {}, "not_allowed", "permission"),
]


async def test_the_socket_answers_in_one_shape(house: House) -> None:
    async with join(house, ANNA, "live-1") as raw:
        for number, (name, body, code, address) in enumerate(SOCKET):
            await raw.command(number, name, body)
            answer = await raw.answer(number)
            assert (sorted(answer), answer["ok"]) == (["error", "ok"], False)
            assert is_an_error(answer["error"]), answer
            assert (answer["error"]["code"], answer["error"]["address"]) == (code, address)


SDP = {"Content-Type": "application/sdp"}
HUGE = b"--x\r\nContent-Disposition: form-data; name=people; filename=a.csv\r\n\r\n" + b"y" * 6_000_000
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
HTTP: list[tuple[str | None, str, str, dict[str, Any], int, str]] = [
    (None, "GET", "/me", {}, 401, "not_signed_in"),
    (None, "GET", "/nothing", {}, 404, "not_found"),
    (None, "POST", "/me", {}, 405, "method"),
    (None, "GET", "/j/x", {}, 404, "link_invalid"),
    (None, "GET", "/calendar/x.ics", {}, 404, "not_found"),
    (None, "POST", "/whip/live-1", {"headers": SDP}, 401, "not_signed_in"),
    (ANNA, "GET", "/organise", {}, 403, "not_allowed"),
    (ANNA, "POST", "/me", {"headers": {"Origin": "https://evil.example"}}, 403, "foreign_origin"),
    (ANNA, "POST", "/whep/live-1", {"data": "v=0"}, 415, "media.type"),
    (ANNA, "POST", "/whep/live-1", {"data": "x" * 140_000, "headers": SDP}, 413, "too_large"),
    (ANNA, "POST", "/whep/live-1", {"data": b"\xff", "headers": SDP}, 400, "bad_request"),
    (ANNA, "POST", "/whep/live-1?room=attic", {"data": "v", "headers": SDP}, 400, "bad_request"),
    (ANNA, "POST", "/whep/live-1", {"data": "v=0", "headers": SDP}, 409, "stage.not_live"),
    (ANNA, "POST", "/whip/live-1", {"data": "v=0", "headers": SDP}, 403, "not_allowed"),
    (MODERATOR, "POST", "/whip/live-1?source=hat", {"data": "v", "headers": SDP}, 400, "bad_request"),
    (ANNA, "DELETE", "/media/x", {}, 404, "not_found"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[360]"}, 404, "not_found"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "{}"}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[-1]"}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[4321]"}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[true]"}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[1.5]"}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[" * 2000}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": "[" * 1000}, 400, "bad_request"),
    (ANNA, "PUT", "/media/x/sizes", {"data": str([0] * 25)}, 400, "bad_request"),
    (None, "PUT", "/media/x/sizes", {"data": "[360]"}, 401, "not_signed_in"),
    (ORGANISER, "POST", "/organise/people/import", {"data": "x"}, 400, "bad_request"),
    (ORGANISER, "POST", "/organise/people/import", {"data": BytesIO(HUGE), "headers": MULTIPART}, 413, "too_large"),
    (ORGANISER, "POST", "/organise/people/p-x/links/l-x/revoke", {}, 404, "not_found"),
]  # fmt: skip


@pytest.mark.parametrize(("email", "method", "path", "how", "status", "code"), HTTP)
async def test_pages_and_interfaces_answer_in_one_shape(
    house: House, email: str | None, method: str, path: str, how: dict[str, Any], status: int, code: str
) -> None:
    browser = await house.browser(email) if email else house.http
    headers = {"Accept": "application/json", **how.get("headers", {})}
    try:
        async with browser.request(method, path, **{**how, "headers": headers}) as answer:
            body = await answer.json()
            assert (answer.status, body["error"]["code"]) == (status, code)
            assert (sorted(body), body["ok"], is_an_error(body["error"])) == (["error", "ok"], False, True)
        if "data" not in how:
            async with browser.request(method, path, headers={**headers, "Accept": "text/html"}) as answer:
                page = await answer.text()
                assert (answer.status, answer.content_type) == (status, "text/html")
                assert "<html" in page
    finally:
        if email:
            await browser.close()


async def test_a_defect_of_ours_is_a_calm_page(house: House, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    async def broken(*_given: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("conference.web.pages.entry.attendance_of", broken)
    async with await house.browser(ANNA) as browser:
        async with browser.get("/me") as answer:
            page = await answer.text()
            assert (answer.status, "secret detail" in page, "Traceback" in page) == (500, False, False)
        async with browser.get("/me", headers={"Accept": "application/json"}) as answer:
            assert (await answer.json())["error"]["code"] == "internal"
    assert [record.message for record in caplog.records] == ["GET /me failed"] * 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (NotAllowed(), 403),
        (BadRequest("?"), 400),
        (MediaRefused("?"), 400),
        (MediaUnavailable(), 503),
        (ConferenceError("poll.closed", "?"), 409),
        (ConferenceError("internal", "?", Address.US), 500),
        (ConferenceError("rate_limited", "?"), 429),
    ],
)
def test_a_status_says_what_the_error_says(error: ConferenceError, status: int) -> None:
    assert status_of(error) == status


def test_every_code_in_the_source_is_a_code() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "conference").rglob("*.py"))
    codes = set(re.findall(r'ConferenceError\(\s*"([^"]+)"', source))
    assert len(codes) > 20
    assert [code for code in sorted(codes) if not CODE.fullmatch(code)] == []
