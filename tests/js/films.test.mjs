import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { unbroken } from "../../static/js/figures.js";
import { comingUp, filmAt } from "../../static/js/state/index.js";

const film = { part: "film", started_at: "2026-06-17T10:00:00.000Z", position: 20_000, duration: 60_000 };
const at = (milliseconds, changes = {}) => filmAt({ ...film, ...changes }, Date.parse(film.started_at) + milliseconds);

describe("where a film stands", () => {
  it("before it goes on, it waits where it is", () => assert.deepEqual(at(-3_000), { position: 20_000, wait: 3_000, playing: false }));
  it("it goes with the clock", () => assert.deepEqual(at(1_500), { position: 21_500, wait: 0, playing: true }));
  it("at its end it stays", () => assert.equal(at(90_000).position, 60_000));
  it("paused, no clock moves it", () => assert.deepEqual(at(90_000, { started_at: null }), { position: 20_000, wait: 0, playing: false }));
});

describe("what comes next on an empty stage", () => {
  const part = (key) => ({ key, title: key, format: "talk", speakers: [] });
  const item = { key: "live-2", state: "live", parts: [part("one"), part("two")] };
  const after = { key: "feedback", state: "planned", parts: [] };
  const coming = (changes, on = null) => {
    const here = { ...item, ...changes };
    return comingUp({ agenda: [here, after], show: { part: on } }, here);
  };
  const on = (key, more = {}) => ({ session: "live-2", part: key, since: "", until: null, ended: false, production: false, ...more });

  it("before it begins, its first part", () => assert.equal(coming({ state: "backstage" }).part.key, "one"));
  it("before any part is on, the first", () => assert.equal(coming({}).part.key, "one"));
  it("the part that is on: its people are coming", () => assert.equal(coming({}, on("two")).part.key, "two"));
  it("a film that the production plays", () => assert.equal(coming({}, on("two", { production: true })).production, true));
  it("after a part the next", () => {
    const { ended, part, next } = coming({}, on("one", { ended: true }));
    assert.deepEqual([ended.key, part.key, next.key], ["one", "two", "live-2"]);
  });
  it("after the last part the day's next session", () => {
    const { ended, part, next } = coming({}, on("two", { ended: true }));
    assert.deepEqual([ended.key, part, next.key], ["two", null, "feedback"]);
  });
  it("a part of another session says nothing here", () => assert.equal(coming({}, { ...on("two"), session: "live-1" }).part.key, "one"));
  it("when all is over, nothing", () => {
    const over = { ...item, state: "ended" };
    assert.equal(comingUp({ agenda: [over], show: { part: null } }, over).next, null);
  });
});

describe("offices in lines", () => {
  it("no line ends after the hyphen of an ellipsis", () => assert.equal(unbroken("Sicherung und -qualifizierung"), "Sicherung und -\u2060qualifizierung"));
  it("other hyphens are as they were", () => assert.equal(unbroken("Sachsen-Anhalt – Bremen - Ost"), "Sachsen-Anhalt – Bremen - Ost"));
});
