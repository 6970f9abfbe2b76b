"""What the rehearsal found, in words and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conference.rehearsal.day import Outcome
from conference.rehearsal.notes import Notes, Sample, percentile

LOSS_MARK = 0.001
"""Of the packets to viewers; on one's own machine nothing gets lost unless somebody cannot keep up."""
OWN_LAG_MARK = 0.2
"""Seconds; where the rehearsal itself was later than that, times are rather its own."""
SLOWEST = 12
"""Commands that are told one by one."""
ENOUGH = 20
"""People, below which nothing can be said of many."""
BUSY = 0.3
"""Of the cores, by others."""
FULL = 0.7
"""Of a core, beyond which nobody should plan."""


@dataclass(frozen=True)
class Check:
    """Something that must be so."""

    good: bool
    text: str


def checks(outcome: Outcome) -> list[Check]:
    """Everything that is checked; of a day broken off only what holds at any time."""
    notes = outcome.notes
    found = [_refused(notes), _broken(notes), _errors(outcome), _workers(outcome), _strayed(notes), _loss(outcome)]
    if outcome.interrupted:
        return found
    return [
        _all_joined(outcome),
        *found,
        *_stage(outcome),
        _heard(notes),
        *_ballots(outcome),
        *_ratings(outcome),
        _questions(outcome),
        _presence(outcome),
        *_groups(outcome),
    ]


def _refused(notes: Notes) -> Check:
    if not notes.refused:
        return Check(True, f"Keiner von {notes.commands} Befehlen wurde abgelehnt.")
    return Check(False, f"Abgelehnt wurden {sum(notes.refused.values())} Befehle, siehe unten.")


def _broken(notes: Notes) -> Check:
    if not notes.broken:
        return Check(True, "Keine Seite und keine Verbindung ist ausgefallen.")
    return Check(False, f"{sum(notes.broken.values())} Ausfälle, siehe unten.")


def _errors(outcome: Outcome) -> Check:
    if not outcome.errors:
        return Check(True, "Der Server meldet keinen Fehler.")
    return Check(False, f"Der Server meldet {len(outcome.errors)} Fehler, zuerst: {outcome.errors[0][:300]}")


def _workers(outcome: Outcome) -> Check:
    kept = outcome.workers_kept
    return Check(kept, "Die Medienprozesse liefen durch." if kept else "Ein Medienprozess ist gestorben.")


def _strayed(notes: Notes) -> Check:
    if not notes.strayed:
        return Check(True, "Niemand war im falschen Raum, kein Bild und kein Ton kam aus einem anderen.")
    what = ", ".join(f"{name} ({count} ×)" for name, count in notes.strayed.most_common())
    return Check(False, f"Verirrt: {what}.")


def _loss(outcome: Outcome) -> Check:
    if not outcome.packets:
        due = outcome.watching and not outcome.interrupted
        return Check(not due, "Niemand sah ein Bild." if due else "Bild und Ton wurden nicht geprobt.")
    share = outcome.lost / (outcome.packets + outcome.lost)
    text = f"Von {outcome.packets + outcome.lost} Paketen mit Bild und Ton fehlten {outcome.lost} ({_percent(share)})."
    return Check(share <= LOSS_MARK, text)


def _all_joined(outcome: Outcome) -> Check:
    came = outcome.notes.present.get(outcome.plan.agenda[0].key, set()) - {""}
    if len(came) < outcome.people:
        return Check(False, f"Nur {len(came)} von mindestens {outcome.people} kamen herein.")
    return Check(True, f"Alle sind hereingekommen: {len(came)} Personen, davon {outcome.people} Gäste.")


def _stage(outcome: Outcome) -> Iterator[Check]:
    if outcome.on_stage:
        missing = [f"{session}/{part}" for session, part, good in outcome.on_stage if not good]
        text = "Auf der Bühne war immer, wer dran war."
        yield Check(not missing, text if not missing else f"Nicht alle auf der Bühne: {', '.join(missing)}.")
    viewers, saw = sum(one[2] for one in outcome.stage), sum(one[3] for one in outcome.stage)
    if viewers:
        yield Check(viewers == saw, f"Wer zusah, sah alle auf der Bühne ({saw} von {viewers}).")


def _heard(notes: Notes) -> Check:
    missing = sum(len(there - notes.heard[key]) for key, there in notes.expected.items())
    due = sum(map(len, notes.expected.values()))
    return Check(missing == 0, f"Jedes Ergebnis kam auf jeder Seite an ({due - missing} von {due}).")


def _ballots(outcome: Outcome) -> Iterator[Check]:
    polls = {(poll["session"], poll["key"]): poll for poll in outcome.exports["polls"]}
    for key, cast in outcome.notes.ballots.items():
        poll = polls[key]
        voted = sum(run["voted"] for run in poll["runs"])
        good = voted == len(cast) and _counted(poll) == _chosen(poll, list(cast.values()))
        yield Check(good, f"»{poll['question']}«: {len(cast)} Stimmen abgegeben, {voted} ausgezählt, Antworten gleich.")


def _chosen(poll: dict[str, Any], choices: Sequence[Any]) -> Counter[Any]:
    if poll["kind"] == "multiple":
        return Counter(option for choice in choices for option in choice)
    if poll["kind"] == "words":
        return Counter(word.casefold() for word in choices)
    return Counter(choices)


def _counted(poll: dict[str, Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for run in poll["runs"]:
        if poll["kind"] == "words":
            for word, count in run["words"] or ():
                found[word.casefold()] += count
        else:
            first = poll["scale_from"] if poll["kind"] == "scale" else 0
            for value, count in enumerate(run["counts"] or (), first or 0):
                found[value] += count
    return +found


def _ratings(outcome: Outcome) -> Iterator[Check]:
    given = outcome.notes.ratings.values()
    for entry in outcome.exports["feedback"]:
        mean = round(sum(given) / len(given), 2) if given else None
        good = entry["answered"] == len(given) and (mean is None or abs(entry["mean"] - mean) < 0.06)
        yield Check(
            good, f"Bewertungen: {len(given)} abgegeben, {entry['answered']} gezählt, im Mittel {entry['mean']}."
        )


def _questions(outcome: Outcome) -> Check:
    asked, found = len(outcome.notes.questions), len(_entries(outcome.exports["questions"]))
    return Check(asked == found, f"Fragen: {asked} gestellt, {found} in der Ausgabe.")


def _entries(payload: Any) -> list[Any]:
    """All questions of an export, whatever they are sorted by."""
    if isinstance(payload, list) and all(isinstance(one, dict) and "text" in one for one in payload):
        return payload
    return [q for entry in payload for q in entry.get("questions", ())] if isinstance(payload, list) else []


def _presence(outcome: Outcome) -> Check:
    wrong = []
    for session in outcome.exports["attendance"]["sessions"]:
        told = {person["email"] for person in session["people"] if person["visits"]}
        if told != outcome.notes.present.get(session["key"], set()):
            wrong.append(session["key"])
    text = "Die Teilnahme stimmt: in jeder Veranstaltung steht, wer da war, und niemand sonst."
    return Check(not wrong, text if not wrong else f"Die Teilnahme stimmt nicht: {', '.join(wrong)}.")


def _groups(outcome: Outcome) -> Iterator[Check]:
    notes, plan = outcome.notes, outcome.plan
    if not plan.groups:
        return
    [attendance] = [s for s in outcome.exports["attendance"]["sessions"] if s["key"] == plan.groups]
    rooms = {p["email"]: {r["room"] for r in p["rooms"]} for p in attendance["people"]}
    wrong = [email for email, room in notes.rooms.items() if rooms.get(email) != {room}]
    text = f"Arbeitsgruppen: {len(notes.rooms)} Personen in {len(set(notes.rooms.values()))} Räumen, jede in ihrem."
    yield Check(not wrong, text if not wrong else f"Arbeitsgruppen: {len(wrong)} stehen in einem anderen Raum.")
    if notes.neighbours:
        saw = sum(seen >= due for due, seen in notes.neighbours)
        all_of = len(notes.neighbours)
        yield Check(saw == all_of, f"In den Gruppen sah jede Person die anderen ({saw} von {all_of}).")
    typed = sum(letters.total() for letters in notes.typed.values())
    boards = [board for entry in outcome.exports["boards"] for board in entry["boards"]]
    there = {
        (board.get("room", board.get("key")), number): Counter(field["text"])
        for board in boards
        for number, field in enumerate(board["fields"])
        if field["text"]
    }
    same = there == {key: letters for key, letters in notes.typed.items() if letters}
    kept = sum(letters.total() for letters in there.values())
    yield Check(same, f"Tafeln: {typed} Buchstaben getippt, {kept} in der Ausgabe, jeder an seinem Ort.")


# --- figures -------------------------------------------------------------------------------------------------------


def figures(outcome: Outcome) -> dict[str, Any]:
    """What was measured, for programs: seconds, shares of 1, bytes, cores."""
    notes = outcome.notes
    return {
        "people": outcome.people,
        "watching": outcome.watching,
        "speed": round(outcome.plan.speed, 2),
        "seconds": round(outcome.seconds, 1),
        "interrupted": outcome.interrupted,
        "join": _three(notes.joined),
        "move": _three(notes.moved),
        "answers": {
            name: {**_three(took), "count": len(took)}
            for name, took in sorted(notes.answers.items(), key=lambda item: -percentile(item[1], 95))
        },
        "facts": {"count": notes.facts.count, "p50": notes.facts.within(50), "p95": notes.facts.within(95)},
        "media": {
            "connected": _three(notes.connected),
            "first_picture": _three(notes.pictures),
            "delay": {"p50": notes.delays.within(50), "p95": notes.delays.within(95), "max": notes.delays.worst},
            "packets": outcome.packets,
            "lost": outcome.lost,
        },
        "load_before": outcome.load,
        "own_lag": {"p95": notes.lags.within(95), "max": notes.lags.worst},
        "memory": dict(notes.memory),
        "cues": outcome.cues,
        "cores": {name: round(value, 3) for name, value in load(notes.samples).items()},
        "samples": [asdict(sample) for sample in notes.samples],
        "refused": [[*key, count] for key, count in notes.refused.most_common()],
        "broken": dict(notes.broken),
        "errors": outcome.errors,
        "checks": [asdict(check) for check in checks(outcome)],
    }


def _three(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 50), 4),
        "p95": round(percentile(values, 95), 4),
        "max": round(max(values, default=0.0), 4),
    }


def load(samples: Sequence[Sample]) -> dict[str, float]:
    """Cores in use: of the server at the median and at its busiest, of the media; and what one viewer takes."""
    busy = [sample for sample in samples if sample.people]
    seen = [sample for sample in samples if sample.viewers and sample.packets > 100]
    per_packet = sum(s.media * s.seconds for s in seen) / sum(s.packets * s.seconds for s in seen) if seen else 0.0
    return {
        "server": percentile([s.server for s in busy], 50),
        "server_p95": percentile([s.server for s in busy], 95),
        "media": percentile([s.media for s in seen], 50),
        "media_p95": percentile([s.media for s in seen], 95),
        "own_p95": percentile([s.own for s in busy], 95),
        "media_us_per_packet": per_packet * 1e6,
        "packets_per_viewer": percentile([s.packets / s.viewers for s in seen], 95),
    }


def text(outcome: Outcome, cores: int) -> str:
    """The report for people."""
    notes, plan = outcome.notes, outcome.plan
    lines = [
        "",
        f"Generalprobe »{plan.title}«: {outcome.people} Gäste, {outcome.watching} davon mit Bild und Ton, "
        f"{plan.speed:.0f}-fache Geschwindigkeit, {outcome.seconds / 60:.1f} Minuten",
    ]
    if outcome.interrupted:
        lines.append("Abgebrochen: Es gilt nur, was bis dahin geschah.")
    lines += ["", *_times(outcome), "", *_machine(outcome, cores), ""]
    found = checks(outcome)
    lines += [f"{'ok    ' if check.good else 'FAILED'}  {check.text}" for check in found]
    lines += [f"        abgelehnt {count} ×: {' · '.join(key)}" for key, count in notes.refused.most_common(20)]
    lines += [f"        {count} ×: {what}" for what, count in notes.broken.most_common(20)]
    bad = sum(not check.good for check in found)
    lines += ["", "Die Probe ist bestanden." if not bad else f"{bad} von {len(found)} Prüfungen sind nicht bestanden."]
    return "\n".join(lines)


def _times(outcome: Outcome) -> Iterator[str]:
    notes = outcome.notes
    yield f"{'':42}{'Mitte':>9}{'95 %':>9}{'längste':>9}"
    rows = [
        ("Vom Link bis zur Veranstaltung", notes.joined),
        ("Von einer Seite zur nächsten", notes.moved),
        ("Bild und Ton: bis die Leitung steht", notes.connected),
        ("Bild und Ton: bis zum ersten Bild", notes.pictures),
    ]
    for name, values in rows:
        if values:
            yield f"{name:42}" + "".join(_milliseconds(value) for value in _three(values).values())
    for name, delays in (("Vom Geschehen bis auf die Seiten", notes.facts), ("Bild und Ton: unterwegs", notes.delays)):
        if delays.count:
            three = (delays.within(50), delays.within(95), delays.worst)
            yield f"{name:42}" + "".join(_milliseconds(value) for value in three)
    slowest = sorted(notes.answers.items(), key=lambda item: -percentile(item[1], 95))
    yield f"Antworten, die langsamsten {min(SLOWEST, len(slowest))} von {len(slowest)} Befehlen:"
    for name, took in slowest[:SLOWEST]:
        yield f"  {name:33}{len(took):>5} ×" + "".join(_milliseconds(value) for value in _three(took).values())


def _machine(outcome: Outcome, cores: int) -> Iterator[str]:
    notes = outcome.notes
    used = load(notes.samples)
    memory = ", ".join(f"{name} {used_bytes / 1e6:.0f} MB" for name, used_bytes in notes.memory.items())
    yield f"Speicher, höchstens: {memory}"
    yield (
        f"Prozessor (1 Kern = 100 %): Server {_percent(used['server'])}, zu 95 % der Zeit unter "
        f"{_percent(used['server_p95'])}; Bild und Ton {_percent(used['media'])}, unter {_percent(used['media_p95'])}; "
        f"die Probe selbst unter {_percent(used['own_p95'])}"
    )
    if outcome.load > BUSY * cores:
        yield (
            f"Vorher lief auf dieser Maschine schon anderes (Last {outcome.load:.1f} bei {cores} Kernen): "
            "Auf einer ruhigen ist alles schneller."
        )
    if notes.lags.within(95) > OWN_LAG_MARK or notes.lags.worst > 5 * OWN_LAG_MARK:
        yield (
            f"Die Probe selbst kam nicht immer mit (bis {notes.lags.worst:.1f} s zu spät): "
            "Zeiten sind eher ihre eigenen als die des Servers."
        )
    yield carries(outcome, cores)


def carries(outcome: Outcome, cores: int) -> str:
    """What the machine would carry, said with how it was reckoned."""
    used = load(outcome.notes.samples)
    here = max((sample.people for sample in outcome.notes.samples), default=0)
    if here < ENOUGH or not used["server_p95"] or outcome.interrupted:
        return "Was diese Maschine trägt, lässt sich hieraus noch nicht sagen."
    people = int(here * FULL / used["server_p95"])
    words = f"Diese Maschine ({cores} Kerne) trüge so etwa {_rounded(people)} Personen (Server)"
    if used["media_us_per_packet"] and used["packets_per_viewer"]:
        each = used["media_us_per_packet"] * used["packets_per_viewer"] / 1e6
        viewers = int(FULL * max(cores - 1, 1) / each)
        words += f" und {_rounded(viewers)}, die zusehen wie geprobt ({used['packets_per_viewer']:.0f} Pakete/s)"
    return (
        f"{words}. Gerechnet, nicht gemessen: geradlinig fortgesetzt von {here} Personen, bis der Server "
        f"{FULL * 100:.0f} % eines Kerns braucht und die Medien so viel der übrigen; mit den geschäftigsten Sekunden "
        f"dieses Tempos: am Tag selbst verteilt sich dasselbe auf die {outcome.plan.speed:.0f}-fache Zeit. "
        "Das Netz nach draußen und die Geräte der Gäste sind nicht dabei."
    )


def _rounded(value: int) -> int:
    """To two figures: it is no more exact than that."""
    step = int(10 ** max(len(str(value)) - 2, 0))
    return value // step * step


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:>6.0f} ms" if seconds < 10 else f"{seconds:>7.1f} s"


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %".replace(".", ",") if share < 0.1 else f"{share * 100:.0f} %"
