import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { layOut } from "../../static/js/cloud.js";

const BOX = { width: 1400, height: 560 };
const widthOf = (/** @type {string} */ word) => 0.56 * word.length;
const words = (/** @type {number} */ many) => Array.from({ length: many }, (_, i) => ({ word: `Wort${"e".repeat(i % 9)}${i}`, n: 1 + ((i * 7) % 11) }));

describe("a cloud of words", () => {
  for (const many of [1, 2, 7, 23, 60]) {
    it(`${many} words stand inside, none over another`, () => {
      const placed = layOut(words(many), BOX, widthOf);
      assert.equal(placed.length, many);
      for (const [index, { x, y, width, height }] of placed.entries()) {
        assert.ok(x - width / 2 >= 0 && x + width / 2 <= BOX.width && y - height / 2 >= 0 && y + height / 2 <= BOX.height);
        for (const other of placed.slice(index + 1)) {
          const apart = Math.abs(x - other.x) >= (width + other.width) / 2 || Math.abs(y - other.y) >= (height + other.height) / 2;
          assert.ok(apart, other.word);
        }
      }
    });
  }

  it("the most frequent is the largest, and equals are equal", () => {
    const [one, other, rare] = layOut([{ word: "Mut", n: 3 }, { word: "Geduld", n: 9 }, { word: "Heimat", n: 9 }], BOX, widthOf);
    assert.deepEqual([one.word, other.word, rare.word], ["Geduld", "Heimat", "Mut"]);
    assert.equal(one.size, other.size);
    assert.ok(rare.size < one.size);
  });

  it("a word stays where it was while others come", () => {
    const before = layOut([{ word: "Mut", n: 1 }], BOX, widthOf);
    const places = new Map([["Mut", { x: before[0].x / BOX.width, y: before[0].y / BOX.height }]]);
    const after = layOut([{ word: "Mut", n: 2 }, { word: "Geduld", n: 1 }], BOX, widthOf, places);
    const [mut] = after.filter(({ word }) => word === "Mut");
    assert.deepEqual([Math.round(mut.x), Math.round(mut.y)], [Math.round(before[0].x), Math.round(before[0].y)]);
  });

  it("a word too long for the box is left out, the rest stands", () => {
    const placed = layOut([{ word: "Mut", n: 1 }, { word: "x".repeat(400), n: 1 }], { width: 300, height: 200 }, widthOf);
    assert.deepEqual(placed.map(({ word }) => word), ["Mut"]);
  });

  it("no box, no words", () => {
    assert.deepEqual(layOut(words(3), { width: 0, height: 0 }, widthOf), []);
    assert.deepEqual(layOut([], BOX, widthOf), []);
  });
});
