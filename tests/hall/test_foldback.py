"""Talk-back and return with real packets: those for whom they are get them, and nobody else gets one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from conference.media.embedded import EmbeddedEngine
from conference.media.engine import Answer
from conference.people.model import Link, Person
from conference.people.tables import LinkRow, PersonRow
from conference.sessions.model import Feed, Source
from tests.house import ANNA, MODERATOR, PRODUCTION, SPEAKER, House, open_house
from tests.media import synthetic
from tests.media.stage import AUDIO, CERTIFICATE, REPAIR, VIDEO, Camera, Screen
from tests.media.synthetic import SyntheticPeer
from tests.the_day import LIVE

SECOND = "susi.moebbeck@example.org"
PLACES = 9
RETURN, TALK = 8, 9


@dataclass
class Stage:
    """A served conference with workers of its own, and peers in it."""

    house: House
    peers: list[SyntheticPeer]

    async def who(self, email: str) -> tuple[Person, Link]:
        async with self.house.store.reading() as db:
            row = (await db.execute(select(PersonRow).where(PersonRow.email == email))).scalar_one()
            links = select(LinkRow).where(LinkRow.person_id == row.id, LinkRow.session.is_(None))
            return row.to_model(), (await db.execute(links)).scalar_one().to_model()

    async def _connect(self, answer: Answer) -> SyntheticPeer:
        peer = SyntheticPeer(CERTIFICATE)
        self.peers.append(peer)
        await peer.connect(answer.sdp)
        return peer

    async def sends(self, publish: Any) -> Camera:
        """Publish picture and sound by one of the hall's ways."""
        sections = [
            synthetic.media("video", "sendonly", (VIDEO, REPAIR)),
            synthetic.media("audio", "sendonly", (AUDIO,)),
        ]
        answer = await publish(synthetic.offer(CERTIFICATE, sections))
        return Camera(await self._connect(answer), answer.resource)

    async def sees(self, email: str, room: Any, places: int = PLACES) -> Screen:
        """Watch a room."""
        sections = [synthetic.media(kind, "recvonly") for kind in ("video", "audio") for _ in range(places)]
        person, link = await self.who(email)
        offer = synthetic.offer(CERTIFICATE, sections)
        answer = await self.house.hall.media.view(LIVE, person, link, room, offer)
        return Screen(await self._connect(answer), answer.resource, places)


@asynccontextmanager
async def live(data: Path) -> AsyncIterator[Stage]:
    """The first session live on a real engine."""
    async with open_house(data, EmbeddedEngine("127.0.0.1", 0)) as house:
        stage = Stage(house, [])
        try:
            yield stage
        finally:
            for peer in stage.peers:
                await peer.close()


def heard(screen: Screen) -> set[int]:
    """The numbers of the sounds that came, in whichever slot; packets may be padded."""
    sounds = (re.match(rb"sound(\d+)", packet.payload) for ssrc in screen.audio for packet in screen.got(ssrc))
    return {int(sound[1]) for sound in sounds if sound is not None}


async def test_packets_of_talk_back_and_return_go_to_those_for_whom_they_are_alone(tmp_path: Path) -> None:
    async with live(tmp_path) as stage:
        house, media = stage.house, stage.house.hall.media
        moderator = await house.enter(MODERATOR, LIVE)
        speakers = [await house.enter(email, LIVE) for email in (SPEAKER, SECOND)]
        await moderator.do("session.move", session=LIVE, to="live")
        people = [await stage.who(email) for email in (SPEAKER, SECOND)]
        cameras = []
        for client, (person, link) in zip(speakers, people, strict=True):
            await client.do("stage.enter", session=LIVE, source="camera")
            cameras.append(await stage.sends(lambda o, p=person, k=link: media.publish(LIVE, p, k, Source.CAMERA, o)))
        who, link = await stage.who(PRODUCTION)
        programme = await stage.sends(lambda o: media.publish(LIVE, who, link, Source.PROGRAMME, o))
        backup = await stage.sends(lambda o: media.publish(LIVE, who, link, Source.PROGRAMME, o, Feed.BACKUP))
        first = people[0][0].public_id
        returned = await stage.sends(lambda o: media.publish_return(LIVE, who, link, first, o))
        boss, key = await stage.who(MODERATOR)
        voice = await stage.sends(lambda o: media.publish_talkback(LIVE, boss, key, o))
        hall = {
            "anna": await stage.sees(ANNA, "stage"),
            "moderator": await stage.sees(MODERATOR, "backstage"),
            "production": await stage.sees(PRODUCTION, "backstage"),
            "speaker on stage": await stage.sees(SPEAKER, "stage"),
        }
        ears = [await stage.sees(email, "foldback", TALK + 2) for email in (SPEAKER, SECOND)]
        await moderator.do("stage.bring_on", session=LIVE, person=first, source="camera")
        await moderator.do("talkback.speak", session=LIVE, on=True, to=people[1][0].public_id)
        await media.apply(LIVE)
        await asyncio.sleep(0.2)
        sources = {"first": cameras[0], "second": cameras[1], "main": programme, "backup": backup}
        sources |= {"return": returned, "voice": voice}
        names = list(sources)
        for turn in range(20):
            for number, camera in enumerate(sources.values()):
                camera.sound(number * 1000 + turn)
            await asyncio.sleep(0.02)
        await ears[0].expect(ears[0].audio[RETURN], 10)
        await ears[1].expect(ears[1].audio[TALK], 10)
        await hall["anna"].expect(hall["anna"].audio[0], 10)
        await asyncio.sleep(0.2)

        def sources_in(screen: Screen) -> set[str]:
            return {names[number // 1000] for number in heard(screen)}

        assert sources_in(ears[0]) == {"return"}
        assert sources_in(ears[1]) == {"voice"}
        assert sources_in(hall["anna"]) == {"main", "first"}
        assert sources_in(hall["speaker on stage"]) == {"main"}
        assert sources_in(hall["moderator"]) == {"main", "first", "second", "backup"}
        assert sources_in(hall["production"]) == {"main", "first", "second", "backup"}

        await moderator.do("talkback.speak", session=LIVE, on=False, to=None)
        await media.apply(LIVE)
        await asyncio.sleep(0.2)
        before = len(ears[1].got(ears[1].audio[TALK]))
        voice.sound(5900)
        returned.sound(4900)
        await ears[0].peer.until(lambda: 4900 in heard(ears[0]))
        assert len(ears[1].got(ears[1].audio[TALK])) == before
