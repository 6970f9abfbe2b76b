import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { localVoice } from "../../static/js/speech.js";
import { apply, pauseAt, whereNext } from "../../static/js/state/index.js";

const step = (title, seconds, figure = "stretch") => ({ title, seconds, figure, texts: {} });
const pause = {
  run: 1,
  kind: "active",
  started_at: "2026-06-17T09:10:00.000Z",
  steps: [step("a", 60), step("b", 45), step("", 600, "rest")],
  shifts: [0, 0, 0],
  version: 1,
  mine: { back: false },
};
const at = (seconds, shifts = pause.shifts) => pauseAt({ ...pause, shifts }, Date.parse(pause.started_at) + seconds * 1000);

describe("where a pause stands", () => {
  it("before it began, as at its beginning", () => assert.deepEqual(at(-600), { step: 0, into: 0, left: 60_000, leftInAll: 705_000, next: 1 }));
  it("in the middle", () => assert.deepEqual(at(61), { step: 1, into: 1_000, left: 44_000, leftInAll: 644_000, next: 2 }));
  it("in the last step nothing is next", () => assert.equal(at(110).next, null));
  it("steps that were cut out are neither here nor next", () => {
    assert.deepEqual(at(30, [-30_000, -45_000, 0]), { step: 2, into: 0, left: 600_000, leftInAll: 600_000, next: null });
    assert.equal(at(10, [0, -45_000, -600_000]).next, null);
  });
  it("when it is over", () => assert.deepEqual(at(705), { step: 2, into: 600_000, left: 0, leftInAll: 0, next: null }));
});

describe("a pause in the snapshot", () => {
  const { snapshot } = JSON.parse(readFileSync(new URL("../examples/facts.json", import.meta.url), "utf8"))[0];
  const told = (name, body, number) => ({ stream: "live-1", number, name, at: "", body });
  const started = apply(snapshot, told("pause.started", { pause }, 11));

  it("starts", () => assert.deepEqual(started.pause, pause));
  it("is shifted", () => {
    const shifted = apply(started, told("pause.shifted", { run: 1, shifts: [1, 2, 3], version: 2 }, 12));
    assert.deepEqual(shifted.pause, { ...pause, shifts: [1, 2, 3], version: 2 });
  });
  it("knows that I am back", () => {
    assert.deepEqual(apply(started, told("pause.returned", { run: 1, back: true }, 12)).pause.mine, { back: true });
  });
  it("ends", () => assert.equal(apply(started, told("pause.ended", { run: 1 }, 12)).pause, null));
  it("is not touched by what is told of another run", () => {
    assert.deepEqual(apply(started, told("pause.ended", { run: 2 }, 12)).pause, pause);
  });
});

describe("where the day goes on", () => {
  const item = (key, kind, state) => ({ key, kind, state, starts: "2026-06-17T09:10:00Z", running_since: state === "live" ? "2026-06-17T09:10:00Z" : null });
  const agenda = [item("live-1", "live", "ended"), item("pause", "active_pause", "live"), item("groups", "breakouts", "planned")];

  it("is after this pause", () => assert.equal(whereNext({ agenda, session: "pause" }).key, "groups"));
  it("is after this pause, whatever was left out before", () => {
    assert.equal(whereNext({ agenda: [item("lobby", "lobby", "planned"), ...agenda], session: "pause" }).key, "groups");
  });
  it("is where something runs already", () => {
    assert.equal(whereNext({ agenda: [item("live-2", "live", "live"), ...agenda], session: "pause" }).key, "live-2");
  });
  it("is here where a stage pauses", () => assert.equal(whereNext({ agenda, session: "live-1" }), null));
  it("is nowhere at the end of the day", () => assert.equal(whereNext({ agenda: agenda.slice(0, 2), session: "pause" }), null));
});

describe("the voice that reads aloud", () => {
  const voice = (name, lang, localService, isDefault = false) => ({ name, lang, localService, default: isDefault });
  const far = voice("far", "de-DE", false, true);
  const [anna, bert] = [voice("anna", "de-DE", true), voice("bert", "de_AT", true, true)];

  it("lives on this device, whatever the device's own choice is", () => assert.equal(localVoice([far, anna], "de"), anna));
  it("is the device's own choice among those", () => assert.equal(localVoice([far, anna, bert], "de"), bert));
  it("is of the page's language", () => assert.equal(localVoice([anna, voice("eve", "en-GB", true)], "en").name, "eve"));
  it("is none rather than one that sends the text elsewhere", () => {
    assert.equal(localVoice([far], "de"), null);
    assert.equal(localVoice([{ ...far, localService: undefined }], "de"), null);
  });
});
