import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { apply, applySignal, belongsNow, currentPoll, pollOnScreen } from "../../static/js/state/index.js";

const examples = (name) => JSON.parse(readFileSync(new URL(`../examples/${name}.json`, import.meta.url), "utf8"));

describe("old snapshot + facts == fresh snapshot", () => {
  for (const { name, snapshot, facts, after } of examples("facts")) {
    it(name, () => {
      const untouched = structuredClone(snapshot);
      assert.deepEqual(facts.reduce(apply, snapshot), after);
      assert.deepEqual(snapshot, untouched);
      assert.deepEqual([...facts, ...facts].reduce(apply, snapshot), after, "facts told twice");
    });
  }
});

describe("where I belong now", () => {
  for (const { name, agenda, belongs } of examples("belongs_now")) {
    it(name, () => assert.equal(belongsNow(agenda)?.key ?? null, belongs));
  }
});

describe("the poll in front", () => {
  const poll = (key, state, published_at = null) => ({ key, state, published_at });
  const early = poll("early", "published", "2026-06-17T08:06:00.000Z");
  const late = poll("late", "published", "2026-06-17T08:07:00.000Z");

  it("is the one that is open", () => assert.equal(currentPoll([late, poll("open", "open"), early]).key, "open"));
  it("else the last published, wherever it stands", () => assert.equal(currentPoll([late, early]).key, "late"));
  it("else none", () => assert.equal(currentPoll([poll("draft", "draft"), poll("closed", "closed")]), null));
});

describe("the poll on the hall's screen", () => {
  const result = { key: "vote", state: "published", published_at: "2026-06-17T10:40:00.000Z" };
  const day = { session: "live-2", agenda: [{ key: "live-2", state: "live" }], polls: [result], film: null };
  const part = (since, session = "live-2") => ({ show: { part: { session, part: "talk", since, until: null } } });
  const shown = (more) => pollOnScreen({ ...day, ...more })?.key ?? null;

  it("is a result", () => assert.equal(shown(), "vote"));
  it("is a result within its part", () => assert.equal(shown(part("2026-06-17T10:30:00.000Z")), "vote"));
  it("is no result once the next part begins", () => assert.equal(shown(part("2026-06-17T10:41:00.000Z")), null));
  it("is a result whatever begins elsewhere", () => assert.equal(shown(part("2026-06-17T10:41:00.000Z", "live-1")), "vote"));
  it("is no result beside a film", () => assert.equal(shown({ film: { part: "film" } }), null));
  it("is no result when the session is over", () => assert.equal(shown({ agenda: [{ key: "live-2", state: "ended" }] }), null));
  it("is what is asked, always", () => {
    const asked = { ...part("2026-06-17T10:41:00.000Z"), film: { part: "film" } };
    assert.equal(shown({ ...asked, polls: [result, { key: "asked", state: "open" }] }), "asked");
  });
});

describe("signals", () => {
  const { snapshot } = examples("facts")[0];

  it("the newest tally of each poll wins", () => {
    const tally = (voted) => ({ name: "tally", body: { poll: "lage", run: 1, eligible: 92, present: 80, voted } });
    const { signals } = [tally(1), tally(2)].reduce(applySignal, snapshot);
    assert.equal(signals.tallies.lage.voted, 2);
  });

  it("presence elsewhere is not presence here", () => {
    const elsewhere = { name: "presence", body: { session: "live-2", online: 5, hall: 0 } };
    assert.equal(applySignal(snapshot, elsewhere), snapshot);
  });
});
