"""Offers made to hurt: bombs, injections, and ten thousand damaged copies of real ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from conference.media import publisher, sdp, viewer
from conference.media.embedded import EmbeddedEngine
from conference.media.engine import Answer, MediaRefused
from tests.media import synthetic
from tests.media.attacks.conftest import memory, stage, still_flows, worker
from tests.media.offers import bombs, real_offers
from tests.media.offers.mutate import mutated
from tests.media.stage import CERTIFICATE, screen
from tests.work import calls_made

MUTATED = 10_000


@pytest.mark.parametrize("name", bombs.REFUSED)
def test_offers_made_to_hurt_are_refused_after_little_work(name: str) -> None:
    offer = bombs.REFUSED[name]()

    def read() -> bool:
        try:
            parsed = sdp.parse(offer)
        except MediaRefused:
            return True
        return not publisher.acceptable(parsed) and not viewer.acceptable(parsed)[0]

    assert read()
    assert calls_made(read) < 20_000


@pytest.mark.parametrize("name", bombs.READ)
def test_the_largest_that_are_read_are_little_work(name: str) -> None:
    """What is within the limits is read to the end and answered in a few lines; 20 calls for each of its own."""
    offer = bombs.READ[name]()
    assert len(offer) > 40_000

    def answer() -> str:
        parsed = sdp.parse(offer)
        transport = sdp.Transport("ufrag", "p" * 22, CERTIFICATE.fingerprint, "passive", ["192.0.2.1"], 4000)
        return sdp.answer(parsed, transport, 1, publisher.acceptable(parsed))

    assert len(answer()) < 20_000
    assert calls_made(answer) < 20 * sdp.MAX_LINES


async def test_the_worker_outlives_all_of_them(engine: EmbeddedEngine) -> None:
    anna, bert = await stage(engine)
    carl = await screen(engine, "carl")
    before = memory(engine)
    for bomb in bombs.REFUSED.values():
        with pytest.raises(MediaRefused):
            await engine.publish(bomb(), owner="mallory", kind="camera")
        with pytest.raises(MediaRefused):
            await engine.view(bomb(), owner="mallory", room="hall")
        with contextlib.suppress(MediaRefused):
            await engine.patch(carl.resource, bomb(), "*")
    await still_flows(anna, bert)
    assert (await worker(engine))["peers"] == 3
    assert memory(engine) - before < 10_000_000


@pytest.mark.parametrize("name", real_offers())
async def test_real_offers_are_answered(engine: EmbeddedEngine, name: str) -> None:
    """What is damaged below is sound to begin with."""
    offer = real_offers()[name]
    if name.endswith("viewer"):
        answer = await engine.view(offer, owner="bert", room="hall")
        assert "a=sendonly" in answer.sdp
    else:
        answer = await engine.publish(offer, owner="anna", kind="camera")
        assert "a=recvonly" in answer.sdp
        assert ("a=simulcast:recv q;h;f" in answer.sdp) == name.endswith("simulcast")


async def asked(engine: EmbeddedEngine, offer: str) -> AsyncIterator[Answer]:
    """Publish and view with an offer: the answers, if there are any."""
    for asking in (
        engine.publish(offer, owner="mallory", kind="camera"),
        engine.view(offer, owner="mallory", room="hall"),
    ):
        try:
            yield await asking
        except MediaRefused:
            continue


async def test_ten_thousand_damaged_offers_raise_nothing_else(engine: EmbeddedEngine) -> None:
    """Through the real worker: to publish, to view, and as a fragment; an answer or a refusal, and it lives."""
    pid, before, answered = engine.worker_pid, 0, 0
    for i, offer in enumerate(mutated(MUTATED, seed=3)):
        before = memory(engine) if i == MUTATED // 5 else before  # it has its buffers and tables by then
        async for answer in asked(engine, offer):
            answered += 1
            assert answer.sdp.startswith("v=0\r\n")
            with contextlib.suppress(MediaRefused):
                await engine.patch(answer.resource, offer, "*")
            await engine.close(answer.resource)
    assert MUTATED / 10 < answered < MUTATED
    async with asyncio.timeout(20):
        while (await worker(engine))["peers"]:
            await asyncio.sleep(0.1)
    assert engine.worker_pid == pid
    assert memory(engine) - before < 10_000_000
    anna, bert = await stage(engine)
    await still_flows(anna, bert)


def test_nothing_of_an_offer_is_written_into_the_answer_unread() -> None:
    """A line break, a NUL or a further attribute smuggled into what the answer repeats."""
    transport = sdp.Transport("ufrag", "p" * 22, CERTIFICATE.fingerprint, "passive", ["192.0.2.1"], 4000)
    for offer in mutated(3000, seed=4):
        try:
            parsed = sdp.parse(offer)
        except MediaRefused:
            continue
        for accepted in (publisher.acceptable(parsed), viewer.acceptable(parsed)[0]):
            answer = sdp.answer(parsed, transport, 1, accepted)
            assert not {"\0", "\r", "\n", "\x0b", "\u2028"} & set(answer.replace("\r\n", ""))
            assert all(line[1] == "=" for line in answer.split("\r\n")[:-1])


def test_the_limits_are_met_exactly() -> None:
    """One byte less than too large is read; one more line, payload or m-line than allowed is not."""
    base = synthetic.offer(CERTIFICATE, [synthetic.media("video", "sendonly", (1, 2))])
    line = "a=x:" + "y" * 2000 + "\r\n"
    full = base + line * ((sdp.MAX_BYTES - len(base)) // len(line))
    full += "a=x:" + "y" * (sdp.MAX_BYTES - len(full) - 6) + "\r\n"
    assert len(full) == sdp.MAX_BYTES
    assert publisher.acceptable(sdp.parse(full))
    with pytest.raises(MediaRefused):
        sdp.parse(full + "\n")
