"""What connections are encrypted with: keys of our own, ciphers that hold, and nobody else's certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from conference.media import libssl
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.attacks.conftest import stage, still_flows, worker
from tests.media.conftest import Heard
from tests.media.stage import CERTIFICATE
from tests.media.synthetic import SyntheticPeer

OFFER = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])
STRONG = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305")
WEAK = (
    "AES128-SHA",
    "AES128-GCM-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0",
    "aNULL:@SECLEVEL=0",
)


async def connects(engine: EmbeddedEngine, heard: Heard, monkeypatch: pytest.MonkeyPatch, **offered: bytes) -> bool:
    """Whether a client that offers this (`CIPHERS`, `PROFILES`) comes to keys with the worker; the worker says so."""
    for name, value in offered.items():
        monkeypatch.setattr(libssl, name, value)
    peer = SyntheticPeer(CERTIFICATE)
    answer = await engine.view(OFFER, owner="bert", room="hall")
    peer.answer = answer.sdp
    await peer.open_socket(engine.port)
    await peer.bind()
    transport = libssl.LibsslTransport(CERTIFICATE.der, CERTIFICATE.key_der, "client", peer.send)
    peer.dtls = transport  # type: ignore[assignment]
    algorithm, fingerprint = synthetic.attribute(peer.answer, "fingerprint").split(" ")
    if await transport.handshake([(algorithm, fingerprint)]) is None:
        assert (await heard.wait("closed", answer.resource)).detail == {"reason": "handshake failed"}
        return False
    await heard.wait("connected", answer.resource)
    return True


@pytest.mark.parametrize("cipher", STRONG)
async def test_strong_ciphers_connect(
    engine: EmbeddedEngine, heard: Heard, monkeypatch: pytest.MonkeyPatch, cipher: str
) -> None:
    """ASVS 5.0, 17.2.2: forward secrecy and authenticated encryption."""
    assert await connects(engine, heard, monkeypatch, CIPHERS=cipher.encode())


@pytest.mark.parametrize("cipher", WEAK)
async def test_weak_ciphers_do_not(
    engine: EmbeddedEngine, heard: Heard, monkeypatch: pytest.MonkeyPatch, cipher: str
) -> None:
    assert not await connects(engine, heard, monkeypatch, CIPHERS=cipher.encode())


@pytest.mark.parametrize(
    ("profiles", "agreed"),
    [
        ("SRTP_AEAD_AES_128_GCM", True),
        ("SRTP_AES128_CM_SHA1_80", True),
        ("SRTP_AES128_CM_SHA1_32", False),
        ("SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", True),
    ],
)
async def test_srtp_is_authenticated_by_eighty_bits_at_least(
    engine: EmbeddedEngine, heard: Heard, monkeypatch: pytest.MonkeyPatch, profiles: str, agreed: bool
) -> None:
    assert await connects(engine, heard, monkeypatch, PROFILES=profiles.encode()) is agreed


async def test_every_worker_makes_a_key_of_its_own_and_keeps_it_to_itself(engine: EmbeddedEngine) -> None:
    """ASVS 5.0, 17.2.1: drawn at start, in memory alone, never a second time; no file that it could be in is open."""
    other = EmbeddedEngine("127.0.0.1", 0)
    await other.start()
    try:
        answers = [(await one.view(OFFER, owner="bert", room="hall")).sdp for one in (engine, other)]
        await other.stop()
        await other.start()
        answers.append((await other.view(OFFER, owner="bert", room="hall")).sdp)
        assert len({synthetic.attribute(answer, "fingerprint") for answer in answers}) == 3
        files = [path.resolve() for path in Path(f"/proc/{other.worker_pid}/fd").iterdir()]
        assert [file for file in files if file.is_file() and file.suffix in (".pem", ".key", ".der")] == []
    finally:
        await other.stop()


async def test_media_without_keys_is_not_taken_from_the_own_address(engine: EmbeddedEngine) -> None:
    """ASVS 5.0, 17.2.3: packets in plain text, with another's keys, with a forged tag."""
    anna, bert = await stage(engine)
    assert anna.peer.srtp is not None
    assert bert.peer.srtp is not None
    plain = b"\x80\x60\xff\xfe" + bytes(4) + (1001).to_bytes(4, "big") + synthetic.vp8_payload(True, 5, 300)
    sealed = anna.peer.srtp.seal(plain)
    for forged in (plain, bert.peer.srtp.seal(plain), sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:-16], sealed[:40]):
        anna.peer.send(forged)
    assert (await worker(engine))["peers"] == 2
    assert len(bert.got(bert.video[0])) == 1
    await still_flows(anna, bert)
