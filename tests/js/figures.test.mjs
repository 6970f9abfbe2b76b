import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { draftOf } from "../../static/js/draft.js";
import { initials, percent, span } from "../../static/js/figures.js";

describe("figures", () => {
  it("spans of time", () => {
    assert.equal(span(0), "0:00");
    assert.equal(span(65_000), "1:05");
    assert.equal(span(3_600_000), "1:00:00");
    assert.equal(span(-5_000), "0:00");
  });

  it("initials leave titles out", () => {
    assert.equal(initials("Dr. Michael Fleig"), "MF");
    assert.equal(initials("Susanne Eva Dörrwand"), "SD");
    assert.equal(initials("Saalbild"), "S");
  });

  it("a share of nothing is nothing", () => {
    assert.equal(percent(0, 0), 0);
    assert.equal(percent(2, 3), 67);
  });
});

describe("a poll's draft", () => {
  const form = (entries) => {
    const data = new FormData();
    for (const [name, value] of Object.entries(entries)) data.set(name, value);
    return data;
  };

  it("takes options line by line, without empty ones", () => {
    const draft = draftOf("single", form({ question: " Wie? ", options: "ja\n\n nein \n", revisable: "on" }));
    assert.deepEqual(draft, {
      question: "Wie?",
      kind: "single",
      options: ["ja", "nein"],
      max_choices: null,
      scale_from: null,
      scale_to: null,
      anonymous: false,
      revisable: true,
    });
  });

  it("leaves out what its kind does not ask for", () => {
    const draft = draftOf("scale", form({ question: "Wie?", options: "ja", most: "2", from: "0", to: "10" }));
    assert.deepEqual([draft.options, draft.max_choices, draft.scale_from, draft.scale_to], [[], null, 0, 10]);
  });
});
