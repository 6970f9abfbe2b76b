import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { apply, applySignal, belongsNow } from "../../static/js/state/index.js";

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
