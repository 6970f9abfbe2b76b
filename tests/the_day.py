"""A day in which every command has its turn, as bodies that pages send."""

from __future__ import annotations

from typing import Any

LIVE, GROUPS, END = "live-1", "arbeitsgruppen", "feedback"


def draft(**changes: Any) -> dict[str, Any]:
    """A poll as the editor sends it."""
    body = {
        "question": "Mittag um zwölf?",
        "kind": "single",
        "options": ["Ja", "Nein"],
        "max_choices": None,
        "scale_from": None,
        "scale_to": None,
        "anonymous": False,
        "revisable": True,
    }
    return {**body, **changes}


MEMBER, OTHER, STAFF = "somebody in a group", "somebody else in a group", "staff of the groups"


def the_groups() -> list[tuple[str, str, dict[str, Any]]]:
    """Working groups from the wishes to the end: people are named by what they are, `WAIT` lets time pass."""
    here = {"session": GROUPS}
    return [
        (MEMBER, "breakouts.wish", {**here, "rooms": ["ag2", "ag1"]}),
        (STAFF, "breakouts.assign", {**here, "fresh": True}),
        (STAFF, "breakouts.resize", {**here, "room": "ag3", "capacity": 30}),
        (STAFF, "breakouts.move", {**here, "person": MEMBER, "room": "ag3"}),
        (STAFF, "breakouts.lock", {**here, "person": OTHER, "locked": True}),
        (STAFF, "breakouts.assign", {**here, "fresh": True}),
        (STAFF, "breakouts.allow", {**here, "swaps": True, "choosing": True}),
        (STAFF, "breakouts.resize", {**here, "room": "ag5", "capacity": 50}),
        (MEMBER, "breakouts.choose", {**here, "room": "ag5"}),
        (MEMBER, "breakouts.swap", {**here, "room": "ag1"}),
        (STAFF, "breakouts.start", {**here, "minutes": 30}),
        (STAFF, "breakouts.cancel", here),
        (STAFF, "breakouts.start", {**here, "minutes": 30}),
        (MEMBER, "breakouts.stay", {**here, "staying": True}),
        (OTHER, WAIT, {"seconds": 21}),
        (STAFF, "breakouts.move", {**here, "person": MEMBER, "room": "ag3"}),
        (STAFF, "breakouts.move", {**here, "person": OTHER, "room": "ag3"}),
        (MEMBER, "breakouts.enter", here),
        (OTHER, "breakouts.enter", here),
        (MEMBER, "breakouts.tracks", {**here, "audio": True, "video": True, "person": None}),
        (OTHER, "breakouts.hand", {**here, "up": True}),
        (STAFF, "breakouts.call", {**here, "person": OTHER, "called": True}),
        (MEMBER, "breakouts.help", {**here, "kind": "technical", "text": "Man hört uns nicht"}),
        (STAFF, "breakouts.answer", {**here, "help": HELP, "text": "Ich komme", "done": False}),
        (STAFF, "breakouts.visit", {**here, "room": "ag3"}),
        (STAFF, "breakouts.enter", here),
        (STAFF, "breakouts.tracks", {**here, "audio": False, "video": None, "person": MEMBER}),
        (MEMBER, "board.open", {**here, "room": "ag3", "state": "AA=="}),
        (MEMBER, "board.point", {**here, "room": "ag3", "field": 0, "cursor": ""}),
        (MEMBER, "board.write", {**here, "room": "ag3", "update": TYPED}),
        (OTHER, "board.mark", {**here, "room": "ag3", "light": "done"}),
        (MEMBER, "board.close", here),
        (MEMBER, "chat.read", {**here, "room": "ag3"}),
        (MEMBER, "chat.say", {**here, "room": "ag3", "message": IN_ROOM, "text": "Nur unter uns"}),
        (STAFF, "chat.hide", {**here, "message": IN_ROOM, "hidden": True}),
        (STAFF, "breakouts.message", {**here, "room": None, "text": "Noch zehn Minuten"}),
        (STAFF, "breakouts.message", {**here, "room": "ag1", "text": "Nur für AG 1"}),
        (MEMBER, "breakouts.helped", here),
        (STAFF, "breakouts.visit", {**here, "room": "ag1"}),
        (STAFF, "breakouts.extend", {**here, "minutes": 5}),
        (MEMBER, "breakouts.leave", here),
        (STAFF, "breakouts.recall", here),
        (OTHER, WAIT, {"seconds": 61}),
        (STAFF, "session.move", {**here, "to": "ended"}),
        ("moderator", "board.list", {"session": LIVE}),
        ("moderator", "board.show", {"session": LIVE, "groups": GROUPS, "room": "ag3"}),
        ("moderator", "board.order", {"session": LIVE, "groups": GROUPS, "rooms": ["ag3", "ag1"]}),
        ("moderator", "board.hide", {"session": LIVE}),
    ]


TYPED = "AQEBAAQBB2ZpZWxkLTAETXV0IQA="
"""*Mut!* in a board's first field, as a page sends it."""


def the_direction() -> list[tuple[str, str, dict[str, Any]]]:
    """The run of show in the moderator's hand, before anything was moved without it."""
    here = {"session": LIVE}
    new = {**here, "cue": "own-message-1", "kind": "message", "of": LIVE, "target": "", "text": "Ja", "minutes": None}
    part = {**new, "cue": "own-part-0001", "kind": "part", "target": "diskussion", "text": "", "minutes": 10}
    last = "feedback:session.end"
    return [
        ("moderator", "direction.next", {**here, "step": 0}),
        ("moderator", "direction.undo", {**here, "step": 1}),
        ("organiser", "direction.skip", {**here, "step": 2}),
        ("moderator", "direction.add", {**new, "before": "live-1:session.backstage"}),
        ("moderator", "direction.edit", {**here, "cue": "own-message-1", "text": "Guten Tag", "minutes": None}),
        ("organiser", "direction.next", {**here, "step": 3}),
        ("moderator", "direction.move", {**here, "cue": last, "before": "live-2:session.end"}),
        ("moderator", "direction.remove", {**here, "cue": last}),
        ("moderator", "direction.shift", {**here, "step": 4, "minutes": 5}),
        ("moderator", "direction.add", {**part, "before": "live-1:session.backstage"}),
        ("organiser", "direction.next", {**here, "step": 5}),
        ("moderator", "direction.end_part", here),
        ("moderator", "direction.say", {**here, "text": "Bitte wiederkommen"}),
        ("organiser", "direction.screen", {**here, "screen": "turnout"}),
        ("moderator", "direction.screen", {**here, "screen": "auto"}),
        ("moderator", "direction.log", here),
    ]


def the_films() -> list[tuple[str, str, dict[str, Any]]]:
    """The film of the second session, in the moderator's hand."""
    here = {"session": "live-2", "part": FILM}
    return [
        ("moderator", "session.move", {"session": "live-2", "to": "live"}),
        ("moderator", FILE, {}),
        ("moderator", "film.start", here),
        (OTHER, WAIT, {"seconds": 5}),
        ("moderator", "film.pause", {**here, "paused": True}),
        ("organiser", "film.seek", {**here, "position": 0}),
        ("moderator", "film.pause", {**here, "paused": False}),
        ("moderator", "film.stop", here),
        ("organiser", "film.start", here),
        (OTHER, WAIT, {"seconds": 64}),
    ]


def the_feeds() -> list[tuple[str, str, dict[str, Any]]]:
    """The programme's two feeds, and talk-back."""
    here, programme = {"session": LIVE}, {"session": LIVE, "person": "production"}
    return [
        ("moderator", "session.move", {**here, "to": "live"}),
        ("production", ENCODER, {}),
        ("moderator", "stage.put_on_air", {**programme, "feed": "backup"}),
        ("moderator", "stage.take_off", {**programme, "source": "programme"}),
        ("moderator", "stage.put_on_air", {**programme, "feed": "main"}),
        ("moderator", "stage.put_on_air", {**programme, "feed": "backup"}),
        ("moderator", "talkback.speak", {**here, "on": True, "to": None}),
        ("moderator", "session.move", {**here, "to": "ended"}),
    ]


FILM = "krise-als-chance"
FILE = "a file"
"""No command: the film's file is taken in, a minute long."""
ENCODER = "the programme"
"""No command: the production's encoder sends."""
CODE = "the code on the hall's screen"
"""No command: somebody scans it."""
WAIT = "the clock"
"""No command: time passes."""
HELP = "the newest call for help"

RATING = ("somebody at the end", "feedback.rate")


def the_day(speaker: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Who asks for what, in a day in which every command has its turn."""
    tracks = {"source": "camera", "audio": False, "video": True}
    me, camera = {"person": None}, {"source": "camera"}
    them = {"person": speaker, **camera}
    lage, hebel, wort = {"poll": "lage"}, {"poll": "hebel"}, {"poll": "ein-wort"}
    return [
        ("participant", "clock.read", {}),
        ("participant", "page.snapshot", {"session": LIVE}),
        ("participant", "session.join", {"session": LIVE}),
        ("moderator", "session.people", {"session": LIVE}),
        ("organiser", "attendance.read", {}),
        ("moderator", "health.watch", {"session": LIVE, "on": True}),
        ("moderator", "session.shift", {"session": LIVE, "minutes": 10, "following": True}),
        ("moderator", "session.move", {"session": LIVE, "to": "backstage"}),
        ("speaker", "stage.enter", {"session": LIVE, "source": "screen"}),
        ("speaker", "stage.enter", {"session": LIVE, **camera}),
        ("moderator", "stage.enter", {"session": LIVE, **camera}),
        ("speaker", "stage.set_tracks", {"session": LIVE, **tracks, **me}),
        ("moderator", "session.move", {"session": LIVE, "to": "live"}),
        ("moderator", "stage.bring_on", {"session": LIVE, **them}),
        ("organiser", "stage.set_tracks", {"session": LIVE, **tracks, "video": False, "person": speaker}),
        ("moderator", "stage.bring_on", {"session": LIVE, "person": speaker, "source": "screen"}),
        ("organiser", "stage.name", {"session": LIVE, **them, "named": True}),
        ("moderator", "stage.take_off", {"session": LIVE, **them}),
        ("speaker", "stage.call_off", {"session": LIVE, **camera, **me}),
        ("speaker", "stage.leave", {"session": LIVE, "source": "screen"}),
        ("moderator", "poll.create", {"session": LIVE, **draft()}),
        ("moderator", "poll.create", {"session": LIVE, **draft(kind="scale", options=[], scale_from=1, scale_to=5)}),
        ("moderator", "poll.edit", {"session": LIVE, **hebel, **draft(question="Anders?")}),
        ("moderator", "poll.discard", {"session": LIVE, **hebel}),
        ("moderator", "poll.open", {"session": LIVE, **wort}),
        ("participant", "poll.vote", {"session": LIVE, **wort, "run": 1, "choice": "Zuwanderung"}),
        ("moderator", "poll.close", {"session": LIVE, **wort}),
        ("moderator", "poll.open", {"session": LIVE, **lage}),
        ("participant", "poll.vote", {"session": LIVE, **lage, "run": 1, "choice": 2}),
        ("moderator", "poll.close", {"session": LIVE, **lage}),
        ("moderator", "poll.publish", {"session": LIVE, **lage}),
        ("moderator", "poll.hide", {"session": LIVE, **lage}),
        ("moderator", "poll.publish", {"session": LIVE, **lage}),
        ("moderator", "poll.open", {"session": LIVE, **lage}),
        ("speaker", "poll.vote", {"session": LIVE, **lage, "run": 2, "choice": 0}),
        ("moderator", "pause.start", {"session": LIVE, "minutes": 5}),
        ("participant", "pause.back", {"session": LIVE, "run": 1, "back": True}),
        ("moderator", "pause.extend", {"session": LIVE, "run": 1, "seconds": 60, "version": 1}),
        ("moderator", "pause.skip", {"session": LIVE, "run": 1, "step": 7}),
        ("moderator", "pause.end", {"session": LIVE, "run": 1, "at_once": False}),
        ("moderator", "pause.end", {"session": LIVE, "run": 1, "at_once": True}),
        ("participant", "session.leave", {"session": LIVE}),
        ("moderator", "session.move", {"session": LIVE, "to": "ended"}),
        ("moderator", "session.move", {"session": END, "to": "live"}),
        (*RATING, {"session": END, "rating": 8, "aspects": None, "comment": None}),
        (*RATING, {"session": END, "rating": None, "aspects": {"Technik": 4}, "comment": ""}),
    ]  # fmt: skip


FIRST, SECOND, THIRD = ("q-0000000000000001", "q-0000000000000002", "q-0000000000000003")
HELLO, AGAIN, IN_ROOM = "m-0000000000000001", "m-0000000000000002", "m-0000000000000003"
POSSIBLE = {"open": True, "approval": True, "anonymous": True, "hands": True, "reactions": True}


def the_talk() -> list[tuple[str, str, dict[str, Any]]]:
    """Questions, hands, reactions and chat of the session, which goes on for that."""
    first, second, third = {"question": FIRST}, {"question": SECOND}, {"question": THIRD}
    day: list[tuple[str, str, dict[str, Any]]] = [
        ("moderator", "session.move", {"to": "live"}),
        ("participant", "question.ask", {**first, "text": "Wer bildet aus?", "anonymous": False}),
        ("participant", "question.ask", {**second, "text": "Und wer zahlt?", "anonymous": True}),
        ("speaker", "question.ask", {**third, "text": "Wer bildet denn aus?", "anonymous": False}),
        ("moderator", "question.move", {**first, "to": "open"}),
        ("moderator", "question.move", {**third, "to": "open"}),
        ("participant", "question.vote", {**third, "up": True}),
        ("moderator", "question.edit", {**first, "text": "Wer bildet hier aus?"}),
        ("organiser", "question.merge", {**third, "into": FIRST}),
        ("participant", "question.vote", {**first, "up": False}),
        ("speaker", "question.vote", {**first, "up": True}),
        ("moderator", "question.move", {**second, "to": "dismissed"}),
        ("moderator", "question.move", {**second, "to": "open"}),
        ("moderator", "question.pin", second),
        ("moderator", "question.pin", first),
        ("moderator", "question.move", {**second, "to": "dismissed"}),
        ("moderator", "question.move", {**first, "to": "answered"}),
        ("moderator", "question.pin", {"question": None}),
        ("moderator", "question.settings", {**POSSIBLE, "approval": False}),
        ("participant", "hand.raise", {"up": True}),
        ("speaker", "hand.raise", {"up": True}),
        ("moderator", "hand.call", {"person": "participant"}),
        ("participant", "hand.speak", {"video": False}),
        ("moderator", "hand.call", {"person": "speaker"}),
        ("moderator", "hand.lower", {"person": "speaker"}),
        ("participant", "hand.raise", {"up": True}),
        ("participant", "reaction.send", {"kind": "clap"}),
        ("participant", "chat.watch", {"on": True}),
        ("participant", "chat.type", {"text": "Guten M"}),
        ("participant", "chat.say", {"message": HELLO, "text": "Guten Morgen!"}),
        ("speaker", "chat.say", {"message": AGAIN, "text": "Moin\nallerseits"}),
        ("moderator", "chat.hide", {"message": AGAIN, "hidden": True}),
        ("moderator", "chat.hide", {"message": HELLO, "hidden": True}),
        ("moderator", "chat.hide", {"message": HELLO, "hidden": False}),
        ("moderator", "chat.mute", {"person": "participant", "muted": True}),
        ("moderator", "chat.mute", {"person": "participant", "muted": False}),
        ("moderator", "chat.settings", {"open": False}),
        ("moderator", "hand.lower", {"person": None}),
    ]
    return [(who, command, {"session": LIVE, **body}) for who, command, body in day]


def the_hall() -> list[tuple[str, str, dict[str, Any]]]:
    """Somebody comes into the hall, and goes."""
    here = {"session": LIVE}
    return [("participant", CODE, here), ("participant", "hall.arrive", here), ("participant", "hall.leave", here)]


def whole_day(speaker: str) -> list[tuple[str, str, dict[str, Any]]]:
    """All of it, one after the other: every command of the registry is there."""
    return [*the_direction(), *the_hall(), *the_day(speaker), *the_groups(), *the_talk(), *the_films(), *the_feeds()]
