"""Which addresses are offered, and in what order."""

from __future__ import annotations

import pytest

from conference.config import load
from conference.core.errors import ConferenceError
from conference.media import addresses
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.stage import CERTIFICATE


class Adapter:
    """A network card as ifaddr tells of it."""

    def __init__(self, *texts: str) -> None:
        self.ips = [addresses.ifaddr.IP((text, 0, 0) if ":" in text else text, 24, "test") for text in texts]


def test_public_addresses_first_and_families_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Adapter("127.0.0.1", "::1"),
        Adapter("fe80::1", "169.254.1.1"),
        Adapter("10.1.2.3", "fd00::3"),
        Adapter("2a01:4f8::1", "2a01:4f8::2", "88.1.2.3"),
    ]
    monkeypatch.setattr(addresses.ifaddr, "get_adapters", lambda: found)
    public, private = ["88.1.2.3", "2a01:4f8::1", "2a01:4f8::2"], ["10.1.2.3", "fd00::3"]
    assert addresses.local_addresses() == [*public, *private, "127.0.0.1", "::1"]
    assert addresses.advertised("0.0.0.0", None) == ["88.1.2.3", "10.1.2.3", "127.0.0.1"]
    assert addresses.advertised("::", ["203.0.113.5"]) == ["203.0.113.5"]


async def test_all_given_addresses_are_offered_in_order() -> None:
    given = load({"media_host": "203.0.113.5, [2001:db8::5],198.51.100.7"}, {}).media_addresses
    engine = EmbeddedEngine(addresses.wildcard(), 0, given)
    await engine.start()
    try:
        offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])
        answer = await engine.view(offer, owner="bert", room="hall")
        lines = [line.split(" ") for line in answer.sdp.split("\r\n") if line.startswith("a=candidate:")]
        offered = [(line[2], line[4], int(line[5])) for line in lines]
        hosts = ["203.0.113.5", "2001:db8::5", "198.51.100.7"]
        assert offered == [(way, host, engine.port) for way in ("udp", "tcp") for host in hosts]
        assert len({line[0] for line in lines}) == 6
    finally:
        await engine.stop()


@pytest.mark.parametrize("hosts", ["media.example.org", "10.0.0.1, 10.0.0.256", "10.0.0.1:8081"])
def test_what_is_no_address_is_refused(hosts: str) -> None:
    with pytest.raises(ConferenceError) as refused:
        load({"media_host": hosts}, {})
    assert refused.value.code == "settings.invalid"
