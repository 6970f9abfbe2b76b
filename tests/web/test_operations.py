"""What operators ask, and how the server behaves behind a proxy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from conference.config import Settings, load, secret_key
from conference.core.errors import ConferenceError
from conference.media.engine import MediaUnavailable
from conference.web.security import Origins
from tests.house import ANNA, House


async def test_the_server_says_that_it_is_alive_ready_and_how_it_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.enter(ANNA, "live-1")
    for path in ("/healthz", "/readyz"):
        async with house.http.get(path) as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True})
    async with house.http.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert {"conference_visits 1.0", "conference_media_viewers 0.0", "conference_facts 1.0"} <= set(lines)

    async def away() -> Any:
        raise MediaUnavailable

    monkeypatch.setattr(house.engine, "stats", away)
    async with house.http.get("/readyz", headers={"Accept": "application/json"}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (503, "media.unavailable")
        assert answer.headers["Retry-After"] == "1"


class Peer:
    """A transport that knows where it comes from."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._address, 5000) if name == "peername" else default


def request(peer: str, **headers: str) -> Any:
    named = {"Host": "inside:8080", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return make_mocked_request("POST", "/", headers=named, transport=Peer(peer))


FORWARDED = {
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "konferenz.example.org",
    "X_Forwarded_For": "6.6.6.6, 9.9.9.9",
}


def test_forwarded_headers_are_believed_from_a_trusted_proxy_alone() -> None:
    origins = Origins("", ["10.0.0.1"])
    trusted, stranger = request("10.0.0.1", **FORWARDED), request("10.0.0.2", **FORWARDED)
    assert (origins.own(trusted), origins.client(trusted)) == ("https://konferenz.example.org", "9.9.9.9")
    assert (origins.own(stranger), origins.client(stranger)) == ("http://inside:8080", "10.0.0.2")
    assert origins.client(request("10.0.0.1")) == "10.0.0.1"
    allowed = {
        origin: origins.allowed(origin, trusted)
        for origin in ("https://konferenz.example.org", "http://inside:8080", "null")
    }
    assert list(allowed.values()) == [True, False, False]
    assert origins.allowed(None, stranger)


def test_the_public_address_is_ours_too() -> None:
    origins = Origins("https://konferenz.example.org/", [])
    assert origins.allowed("https://konferenz.example.org", request("10.0.0.2"))
    assert not origins.allowed("https://konferenz.example.org.evil.example", request("10.0.0.2"))


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "conference.toml").write_text('port = 1\nhost = "::1"\nmedia_port = 2\n', "utf-8")
    environ = {"CONFERENCE_PORT": "3", "CONFERENCE_MEDIA_HOST": "10.0.0.1, 10.0.0.2"}
    settings = load({"data": str(tmp_path), "media_port": "4"}, environ)
    assert (settings.host, settings.port, settings.media_port) == ("::1", 3, 4)
    assert (settings.url, settings.media_addresses) == ("http://[::1]:3", ["10.0.0.1", "10.0.0.2"])
    assert settings.directory == tmp_path


def test_there_is_a_media_worker_for_each_core_unless_said_otherwise(tmp_path: Path) -> None:
    data = {"data": str(tmp_path)}
    assert load(data, {}).media_processes == len(os.sched_getaffinity(0))
    settings = load(data, {"CONFERENCE_MEDIA_WORKERS": "3", "CONFERENCE_MEDIA_PORT": "9000"})
    assert (settings.media_processes, settings.media_ports) == (3, [9000, 9001, 9002])
    for environ in ({"CONFERENCE_MEDIA_WORKERS": "65"}, {"CONFERENCE_MEDIA_WORKERS": "two"}):
        with pytest.raises(ConferenceError, match="media_workers"):
            load(data, environ)
    with pytest.raises(ConferenceError, match="media_port"):
        load(data, {"CONFERENCE_MEDIA_WORKERS": "2", "CONFERENCE_MEDIA_PORT": "65535"})


@pytest.mark.parametrize("content", ["prot = 1", "port = 'x'", "port = 70000", "port = -1", "port ="])
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "conference.toml").write_text(content, "utf-8")
    with pytest.raises(ConferenceError, match=r"settings\.invalid"):
        load({"data": str(tmp_path)}, {})


def test_the_key_is_made_once_for_the_owners_eyes(tmp_path: Path) -> None:
    key = secret_key(tmp_path / "new")
    assert (len(key), secret_key(tmp_path / "new")) == (32, key)
    file = tmp_path / "new" / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret_key(tmp_path / "other") != key
    file.write_text("short", "ascii")
    with pytest.raises(ConferenceError, match=r"settings\.invalid"):
        secret_key(tmp_path / "new")


def test_addresses_that_people_type() -> None:
    urls = [
        Settings(),
        Settings(host="0.0.0.0", port=1),
        Settings(tls_cert="x", host="konferenz.example.org"),
        Settings(public_url="https://k.example/"),
    ]
    assert [settings.url for settings in urls] == [
        "http://127.0.0.1:8080",
        "http://127.0.0.1:1",
        "https://konferenz.example.org:8080",
        "https://k.example",
    ]
