"""Personal links: secrets that nobody guesses, nobody stores and one press revokes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from conference.core.errors import NotFound
from conference.core.ids import new_nonce
from conference.people import actions, queries
from conference.people.model import Link, split_name
from conference.people.tables import LinkRow, PersonRow
from conference.people.tokens import Tokens
from tests.house import ANNA, BERND
from tests.visits import Room, open_room

TOKENS = Tokens(b"k" * 32)
LINK = Link(1, "l-abcdefghjkmn", 1, None, "0123456789abcdef0123456789abcdef", 1, False)


def test_a_token_is_the_same_every_time_and_carries_128_random_bits() -> None:
    assert TOKENS.token(LINK) == TOKENS.token(LINK)
    assert TOKENS.read_token(TOKENS.token(LINK)) == (LINK.public_id, LINK.nonce)
    nonces = {new_nonce() for _ in range(1000)}
    assert len(nonces) == 1000
    assert {len(bytes.fromhex(nonce)) * 8 for nonce in nonces} == {128}


def test_no_letter_of_a_token_may_be_another() -> None:
    token = TOKENS.token(LINK)
    for place, letter in enumerate(token):
        for other in "Aa0.-_":
            if other != letter:
                tampered = token[:place] + other + token[place + 1 :]
                assert TOKENS.read_token(tampered) is None, tampered


@given(st.text(max_size=120))
def test_nothing_made_up_is_a_token_or_a_cookie(text: str) -> None:
    assert TOKENS.read_token(text) is None
    assert TOKENS.read_cookie(text) is None


def test_a_cookie_is_no_token_and_another_key_makes_another_house() -> None:
    assert TOKENS.read_token(TOKENS.cookie(LINK)) is None
    assert TOKENS.read_cookie(TOKENS.token(LINK)) is None
    assert Tokens(b"x" * 32).read_token(TOKENS.token(LINK)) is None
    assert Tokens(b"x" * 32).read_cookie(TOKENS.cookie(LINK)) is None


def test_the_code_in_the_hall_differs_by_session_and_period() -> None:
    codes = {TOKENS.hall_code(session, period) for session in ("live-1", "live-2") for period in range(50)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {10}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna Arendt", ("Anna", "Arendt")),
        ("Dr. Eva Maria von der Aue", ("Dr. Eva Maria", "von der Aue")),
        ("Aue", ("", "Aue")),
        ("Moderation AG 1", ("", "Moderation AG 1")),
        ("", ("", "")),
    ],
)
def test_a_name_falls_into_first_and_last(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


async def test_everybody_has_one_link_for_the_day_and_one_for_each_session(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        async with room.store.reading() as db:
            people = (await db.execute(select(func.count()).select_from(PersonRow))).scalar_one()
            links = [(person, session) for person, session in await db.execute(_pairs())]
        sessions = {session for _, session in links}
        assert sessions == {None, "ankommen", "live-1", "aktiv-pause", "arbeitsgruppen", "live-2", "feedback"}
        assert len(links) == len(set(links)) == people * len(sessions)
        async with room.store.unit() as unit:
            assert await actions.ensure_links(unit, [s for s in sessions if s]) == 0


async def test_revoking_is_one_link_alone_and_reissuing_makes_another_secret(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        person, link = await room.person(ANNA, None)
        before = await _standing(room, person.id)
        async with room.store.unit() as unit:
            assert (await actions.revoke(unit, person.public_id, link.public_id)).revoked
        assert await _standing(room, person.id) == before - 1
        assert await _opens(room, link) is False
        async with room.store.unit() as unit:
            fresh = await actions.reissue(unit, person.public_id, link.public_id)
        assert (fresh.revoked, fresh.generation, fresh.public_id) == (False, 2, link.public_id)
        assert fresh.nonce != link.nonce
        assert (await _opens(room, link), await _opens(room, fresh)) == (False, True)


async def test_a_link_of_another_person_is_not_found(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        _, link = await room.person(ANNA, None)
        other, _ = await room.person(BERND, None)
        async with room.store.unit() as unit:
            with pytest.raises(NotFound):
                await actions.revoke(unit, other.public_id, link.public_id)


def _pairs():  # type: ignore[no-untyped-def]
    return select(LinkRow.person_id, LinkRow.session)


async def _standing(room: Room, person_id: int) -> int:
    async with room.store.reading() as db:
        return (await queries.active_links(db))[person_id]


async def _opens(room: Room, link: Link) -> bool:
    async with room.store.reading() as db:
        return await queries.by_link(db, link.public_id, link.nonce) is not None
