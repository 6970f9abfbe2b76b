"""What simulated people do: nobody tells them but their own page, as it is with people."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Coroutine, Sequence
from random import Random
from typing import Any

from conference.core.clock import from_iso
from conference.rehearsal.notes import Notes
from conference.rehearsal.person import Person, Refused
from conference.rehearsal.plan import Plan
from conference.rehearsal.studio import GROUP_PICTURES, Camera, Media, Viewer
from conference.rehearsal.typist import Typist

FOLLOW_SECONDS = 2.0
"""Within which people follow to another page."""
VOTE_SECONDS = 2.0
VOTES, RATES, ASKS, WISHES, BACK = 0.95, 0.85, 0.15, 0.6, 0.4
"""How many of all do it."""
SUPPORTS = 0.1
"""How many vote for a question."""
PRODUCERS_OF_NOISE = 0.5
TYPISTS = 3
"""In each room."""
SETTLE_SECONDS = 60.0
STEP = 0.1
SENTENCES = ("Gute Ausbildung bindet", "Wege verkuerzen", "Vorbilder zeigen", "Anerkennung beschleunigen", "Zeit geben")
WORDS = ("Zukunft", "Mut", "Ausbildung", "Vielfalt", "Zusammenarbeit", "Geduld")
REACTIONS = ("clap", "heart", "smile", "thumb", "idea")


class Crowd:
    """Everybody but the one who directs.

    Args:
        people: those who take part; `watching` of them send and receive picture and sound.
        speakers: everybody who speaks in some session.
        moderator: looks after questions, hands and calls for help.
        staff: moderators of rooms.

    Attributes:
        places: the room of everybody who was let into one, by the person's id; `seats`: as the desk has given them.
    """

    def __init__(
        self,
        plan: Plan,
        media: Media,
        notes: Notes,
        random: Random,
        people: Sequence[Person],
        speakers: Sequence[Person],
        moderator: Person,
        staff: Sequence[Person],
        watching: int,
    ) -> None:
        self._plan, self._media, self._notes, self._random = plan, media, notes, random
        self.people, self.speakers, self.moderator, self.staff = list(people), list(speakers), moderator, list(staff)
        step = max(len(people) // watching, 1) if watching else 0
        self.watchers = set(self.people[::step][:watching]) if watching else set()
        self._acting: set[asyncio.Task[None]] = set()
        self._murmuring: set[asyncio.Task[None]] = set()
        self._hushed: set[str] = set()
        self._viewers: dict[Person, Viewer] = {}
        self._cameras: dict[Person, Camera] = {}
        self._written: dict[str, int] = {}
        self._answered: set[str] = set()
        self.places: dict[str, str] = {}
        self.seats: dict[str, str] = {}
        self._senders: dict[str, set[int]] = {}
        self._filled: dict[str, float] = {}
        for person in self.everybody:
            person.on_fact.append(self._heard)
            person.on_signal.append(self._signalled)

    @property
    def everybody(self) -> list[Person]:
        """All of them."""
        return [self.moderator, *self.staff, *self.speakers, *self.people]

    @property
    def here(self) -> int:
        """How many are connected."""
        return sum(person.here for person in self.everybody)

    # --- tasks ------------------------------------------------------------------------------------------------------

    def start(self, doing: Coroutine[Any, Any, None], *, murmur: bool = False) -> None:
        """Let somebody do something that is waited for, or that is not waited for."""
        task = asyncio.get_running_loop().create_task(self._shielded(doing))
        tasks = self._murmuring if murmur else self._acting
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _shielded(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except Refused:
            pass
        except Exception as error:  # a finding like any other: the day goes on
            self._notes.broken[f"Die Probe selbst ist gestolpert: {error!r}"] += 1

    async def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until everybody has done what is to be done now."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._acting and asyncio.get_running_loop().time() < deadline:
            await asyncio.wait(self._acting, timeout=1.0)
        if self._acting:
            self._notes.broken["Nicht alle wurden rechtzeitig fertig."] += 1

    async def hush(self, session: str) -> None:
        """Nobody begins anything in a session any more; wait for those who are at it."""
        self._hushed.add(session)
        if self._murmuring:
            await asyncio.wait(self._murmuring, timeout=10.0)

    async def go_home(self) -> None:
        """Stop everything, close all pages."""
        tasks = [*self._acting, *self._murmuring]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._media.close_all(), 20)
        await asyncio.gather(*(person.go_home() for person in self.everybody), return_exceptions=True)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    async def _linger(self, seconds: float) -> None:
        await asyncio.sleep(self._random.uniform(0, seconds))

    # --- coming -----------------------------------------------------------------------------------------------------

    def arrive(self, session: str, seconds: float) -> None:
        """Let everybody come within so many seconds, moderators first."""
        self.start(self.moderator.arrive(session))
        crowd = [*self.staff, *self.speakers, *self.people]
        for turn, person in enumerate(crowd):
            self.start(self._arrive(person, session, seconds * turn / len(crowd)))

    async def _arrive(self, person: Person, session: str, after: float) -> None:
        await asyncio.sleep(after)
        await person.arrive(session)
        if self._plan.groups and person in self.people and self._chance(WISHES):
            rooms = self._random.sample(self._plan.rooms, min(3, len(self._plan.rooms)))
            await person.ask("breakouts.wish", session=self._plan.groups, rooms=rooms)

    # --- what pages tell --------------------------------------------------------------------------------------------

    def _heard(self, person: Person, fact: dict[str, Any]) -> None:
        name, body, stream = fact["name"], fact["body"], fact["stream"]
        if name == "session.moved":
            self._moved(person, body["session"], body["state"])
        elif name == "breakouts.called" and body["opens_at"]:
            self.start(self._to_groups(person, body["session"]))
        elif stream != person.session:
            return
        elif name == "stage.brought_on":
            ago = time.time() - from_iso(fact["at"]).timestamp()
            self._filled.setdefault(stream, time.monotonic() - ago)
        elif name == "breakouts.changed":
            self._groups_changed(person, stream, body["round"])
        elif name == "poll.opened" and person in self.people:
            self.start(self._vote(person, stream, body["poll"]))
        elif name == "poll.published":
            self._notes.heard[stream, body["poll"]].add(person.email)
        elif name == "pause.started" and person in self.people and self._chance(BACK):
            self.start(self._back(person, stream, body["pause"]), murmur=True)
        elif name == "question.changed" and body["question"]:
            self._question(person, stream, body["question"])
        elif person is self.moderator:
            self._moderate(name, stream, body)

    def _moved(self, person: Person, session: str, state: str) -> None:
        if state == "backstage" and person.email in self._plan.speakers.get(session, ()):
            self.start(self._backstage(person, session))
        elif state == "live" and session != self._plan.groups and not self._speaks(person, session):
            self.start(self._follow(person, session))
        elif state == "ended":
            self.start(self._over(person, session))

    def _speaks(self, person: Person, session: str) -> bool:
        """Whether somebody speaks there, or sits backstage elsewhere and stays there."""
        return person in self._cameras or person.email in self._plan.speakers.get(session, ())

    async def _follow(self, person: Person, session: str) -> None:
        await self._linger(FOLLOW_SECONDS)
        if person.session == session:
            return
        await self._end_media(person)
        await person.go(session, "/moderation" if person is self.moderator else "")
        await self._be_there(person, session)

    async def _be_there(self, person: Person, session: str) -> None:
        kind = self._plan.kinds[session]
        if kind == "live" and person in self.watchers:
            viewer = await self._media.view(
                person.cookies, f"/whep/{session}", self._plan.place(session), person.number
            )
            if viewer:
                self._viewers[person] = viewer
        if kind == "live" and person in self.people:
            self.start(self._talk(person, session), murmur=True)
        if kind == "feedback" and person in self.people and self._chance(RATES):
            self.start(self._rate(person, session))

    async def _over(self, person: Person, session: str) -> None:
        if person.session == session:
            await self._end_media(person)

    async def _end_media(self, person: Person) -> None:
        viewer = self._viewers.pop(person, None)
        if viewer is not None:
            self._note_picture(person, viewer)
        for peer in (viewer, self._cameras.pop(person, None)):
            if peer is not None:
                await self._media.close(peer)

    # --- speakers ---------------------------------------------------------------------------------------------------

    async def _backstage(self, person: Person, session: str) -> None:
        await self._linger(1.0)
        await self._end_media(person)
        await person.go(session, "/backstage")
        await person.ask("stage.enter", session=session, source="camera")
        path = f"/whip/{session}?source=camera"
        camera = await self._media.publish(person.cookies, path, self._plan.place(session), person.number)
        if camera:
            self._cameras[person] = camera

    def seen_by(self, session: str, speaking: set[str]) -> tuple[int, int]:
        """How many viewers of a stage there are, and how many of them have got the picture of all who speak there."""
        numbers = {person.number for person in self.speakers if person.email in speaking}
        there = [v for p, v in self._viewers.items() if p.session == session]
        return len(there), sum(numbers <= set(viewer.seen) for viewer in there)

    def _note_picture(self, person: Person, viewer: Viewer) -> None:
        """What a viewer saw of a room; how long one of a stage waited since he asked, or somebody came on stage."""
        if person.session == self._plan.groups:
            others = self._senders.get(self.places.get(person.id, ""), set()) - {person.number}
            most = GROUP_PICTURES - 1  # the slots are the same for all, and nobody is sent himself
            self._notes.neighbours.append((min(len(others), most), len(others & set(viewer.seen))))
        filled = self._filled.get(person.session)
        if filled is not None and viewer.first_picture is not None:
            self._notes.pictures.append(max(viewer.first_picture - max(viewer.asked, filled), 0.0))

    # --- a session --------------------------------------------------------------------------------------------------

    async def _vote(self, person: Person, session: str, poll: dict[str, Any]) -> None:
        if not self._chance(VOTES):
            return
        await self._linger(VOTE_SECONDS)
        choice = self._choice(poll)
        body = {"session": session, "poll": poll["key"], "run": poll["run"], "choice": choice}
        await person.ask("poll.vote", **body)
        self._notes.ballots[session, poll["key"]][person.email] = choice

    def _choice(self, poll: dict[str, Any]) -> Any:
        if poll["kind"] == "words":
            return self._random.choice(WORDS)
        if poll["kind"] == "scale":
            return self._random.randint(poll["scale_from"], poll["scale_to"])
        options = range(len(poll["options"]))
        if poll["kind"] == "single":
            return self._random.choice(options)
        most = poll["max_choices"] or len(options)
        return sorted(self._random.sample(options, self._random.randint(1, most)))

    async def _talk(self, person: Person, session: str) -> None:
        """Reactions, a line in the chat, a question, a hand, in the course of the session."""
        length = self._plan.seconds(session)
        for doing in (self._react, self._say, self._ask, self._raise):
            if await self._rest(session, self._random.uniform(0, length * 0.25)):
                return
            await doing(person, session)

    async def _rest(self, session: str, seconds: float) -> bool:
        """Wait; whether the session's end was near before."""
        while seconds > 0 and session not in self._hushed:
            await asyncio.sleep(min(STEP, seconds))
            seconds -= STEP
        return session in self._hushed

    async def _react(self, person: Person, session: str) -> None:
        if self._chance(PRODUCERS_OF_NOISE):
            await person.ask("reaction.send", session=session, kind=self._random.choice(REACTIONS))

    async def _say(self, person: Person, session: str) -> None:
        if self._chance(PRODUCERS_OF_NOISE / 2):
            await person.ask("chat.watch", session=session, on=True)
            sentence = self._random.choice(SENTENCES)
            for end in (len(sentence) // 2, len(sentence)):
                await person.ask("chat.type", session=session, text=sentence[:end])
            await person.ask("chat.say", session=session, message=_key(), text=sentence)

    async def _ask(self, person: Person, session: str) -> None:
        if self._chance(ASKS):
            key, text = _key(), f"{self._random.choice(SENTENCES)}: wie?"
            await person.ask("question.ask", session=session, question=key, text=text, anonymous=False)
            self._notes.questions.add(key)

    async def _raise(self, person: Person, session: str) -> None:
        if self._chance(ASKS / 3):
            await person.ask("hand.raise", session=session, up=True)

    def _question(self, person: Person, session: str, question: dict[str, Any]) -> None:
        key, state = question["key"], question["state"]
        if person is self.moderator and state == "waiting":
            self.start(self._approve(session, key), murmur=True)
        elif person in self.people and state == "open" and self._chance(SUPPORTS):
            self.start(self._support(person, session, key), murmur=True)

    async def _approve(self, session: str, key: str) -> None:
        if not await self._rest(session, 0.5):
            await self.moderator.ask("question.move", session=session, question=key, to="open")

    async def _support(self, person: Person, session: str, key: str) -> None:
        if not await self._rest(session, self._random.uniform(0, 2)) and person.session == session:
            await person.ask("question.vote", session=session, question=key, up=True)

    def _moderate(self, name: str, session: str, body: dict[str, Any]) -> None:
        if name == "hands.changed" and body["hands"]:
            first = body["hands"][0]
            if not first["called"] and first["since"] not in self._answered:
                self._answered.add(first["since"])
                self.start(self._call(session, first["person"]), murmur=True)
        elif name == "breakouts.help" and body["help"] and body["help"]["key"] not in self._answered:
            self._answered.add(body["help"]["key"])
            self.start(self._help(session, body["help"]["key"]), murmur=True)

    async def _call(self, session: str, person: str) -> None:
        if not await self._rest(session, 0.5):
            await self.moderator.ask("hand.call", session=session, person=person)
            await self._rest(session, 2.0)
            await self.moderator.ask("hand.lower", session=session, person=person)

    async def _help(self, session: str, key: str) -> None:
        if not await self._rest(session, 1.0):
            await self.moderator.ask("breakouts.answer", session=session, help=key, text="Wir kommen.", done=True)

    async def _back(self, person: Person, session: str, pause: dict[str, Any]) -> None:
        length = sum(step["seconds"] for step in pause["steps"])
        if not await self._rest(session, self._random.uniform(0, length * 0.7)) and person.session == session:
            await person.ask("pause.back", session=session, run=pause["run"], back=True)

    async def _rate(self, person: Person, session: str) -> None:
        await self._linger(min(self._plan.seconds(session) * 0.5, 20.0))
        form = person.snapshot["feedback"]
        rating = self._random.randint(max(form["from"], form["to"] - 5), form["to"])
        aspects = {name: self._random.randint(1, 5) for name in form["aspects"]}
        body = {"rating": rating, "aspects": aspects or None, "comment": "Danke!" if form["comment"] else None}
        await person.ask("feedback.rate", session=session, **body)
        self._notes.ratings[person.email] = rating

    # --- working groups ---------------------------------------------------------------------------------------------

    async def _to_groups(self, person: Person, session: str) -> None:
        if person in self._cameras:
            return
        await self._linger(FOLLOW_SECONDS)
        await self._end_media(person)
        await person.go(session, "/moderation" if person is self.moderator else "")
        if person.snapshot["breakouts"]["round"]["phase"] == "open":
            self._enter_soon(person, session)

    def _groups_changed(self, person: Person, session: str, round_: dict[str, Any]) -> None:
        if round_["phase"] == "open" and not round_["closing"]:
            self._enter_soon(person, session)
        elif round_["closing"]:
            self._hushed.add(session)
        elif round_["phase"] == "closed":
            self.start(self._end_media(person))

    def _enter_soon(self, person: Person, session: str) -> None:
        if person.id not in self.places and person is not self.moderator:
            self.places[person.id] = ""
            self.start(self._enter(person, session))

    async def _enter(self, person: Person, session: str) -> None:
        await self._linger(1.0)
        room = (await person.ask("breakouts.enter", session=session))["room"]
        if room is None:
            return
        self.places[person.id] = self._notes.rooms[person.email] = room
        if self.seats.get(person.id, room) != room:
            self._notes.strayed["in einem anderen Raum als zugeteilt"] += 1
        turn = self._written[room] = self._written.get(room, 0) + 1
        if person in self.people and turn <= TYPISTS:
            self.start(self._type(person, session, room, turn), murmur=True)
        elif person in self.people and turn == TYPISTS + 1:
            self.start(self._need_help(person, session), murmur=True)
        if person in self.watchers:
            await self._group_media(person, session, room)

    async def _group_media(self, person: Person, session: str, room: str) -> None:
        place = self._plan.place(room)
        camera = await self._media.publish(person.cookies, f"/whip/{session}?group={room}", place, person.number)
        if camera:
            self._cameras[person] = camera
            self._senders.setdefault(room, set()).add(person.number)
            await person.ask("breakouts.tracks", session=session, audio=True, video=True, person=None)
        viewer = await self._media.view(person.cookies, f"/whep/{session}?group={room}", place, person.number)
        if viewer:
            self._viewers[person] = viewer

    async def _type(self, person: Person, session: str, room: str, turn: int) -> None:
        typist = Typist(person, session, room, self._notes)
        await typist.open()
        field = (turn - 1) % max(self._plan.board_fields, 1)
        sentences = "".join(f"- {self._random.choice(SENTENCES)}\n" for _ in range(4))
        await typist.type(field, sentences, lambda: session in self._hushed)
        if person.session == session:
            await typist.close()

    async def _need_help(self, person: Person, session: str) -> None:
        for up in (True, False):
            await person.ask("breakouts.hand", session=session, up=up)
            if await self._rest(session, 1.0):
                return
        await person.ask("breakouts.help", session=session, kind="technical", text="Wir brauchen kurz jemanden.")

    def _signalled(self, person: Person, signal: dict[str, Any]) -> None:
        """Who is told to be in my room must be in it."""
        if signal["name"] != "groups" or not signal["body"]["group"]:
            return
        group, mine = signal["body"]["group"], self.places.get(person.id)
        if person in self.people and mine and group["room"] != mine:
            self._notes.strayed["Signale eines anderen Raums"] += 1
        for other in group["here"]:
            if other in self.seats and self.places.get(other) not in (None, "", group["room"]):
                self._notes.strayed["jemand von nebenan"] += 1


def _key() -> str:
    return secrets.token_hex(12)
