import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { lastStep, nextCue } from "../../static/js/state/index.js";

const cue = (key, state, step = null, passed = false) => ({ key, state, step, passed });
const waiting = cue("later", "waiting");

describe("what would be taken back", () => {
  const last = (...cues) => {
    const found = lastStep({ cues: [...cues, waiting] });
    return found && [found.cue.key, found.more];
  };

  it("is nothing at the beginning", () => assert.equal(last(), null));
  it("is the last cue", () => assert.deepEqual(last(cue("a", "done", 1), cue("b", "skipped", 2)), ["b", 0]));
  it("is the cue that was pressed, with those behind it", () => {
    assert.deepEqual(last(cue("a", "done", 1), cue("b", "done", 2), cue("c", "done", 2, true), cue("d", "skipped", 2, true)), ["b", 2]);
  });
  it("is the last of those passed over by hand", () => {
    assert.deepEqual(last(cue("a", "skipped", 1, true), cue("b", "done", 1, true)), ["b", 1]);
  });
  it("is one cue where no step is known", () => assert.deepEqual(last(cue("a", "done"), cue("b", "done")), ["b", 0]));
});

describe("the next cue", () => {
  it("is the first that waits", () => assert.equal(nextCue({ cues: [cue("a", "done", 1), waiting] }), waiting));
  it("is none when all are done", () => assert.equal(nextCue({ cues: [cue("a", "done", 1)] }), null));
});
