import assert from "node:assert/strict";
import { test } from "node:test";

import { editBetween, wellFormed } from "../../static/js/typing.js";

const apply = (text, { at, removed, added }) => text.slice(0, at) + added + text.slice(at + removed);

test("an edit makes one text of the other, and is as small as can be", () => {
  const texts = ["", "a", "hallo", "halo", "halllo", "Mut und Zeit", "Zeit", "aaa", "aa", "😀😁", "😁😀", "😀", "x😀y", "x😃y"];
  for (const before of texts) {
    for (const after of texts) {
      for (let cursor = 0; cursor <= after.length; cursor += 1) {
        const edit = editBetween(before, after, cursor);
        if (before === after) assert.equal(edit, null);
        else assert.equal(apply(before, edit), after, `${before} → ${after} at ${cursor}`);
      }
    }
  }
});

test("the edit stands where the cursor is, not at the first place that would do", () => {
  assert.deepEqual(editBetween("aaa", "aaaa", 1), { at: 0, removed: 0, added: "a" });
  assert.deepEqual(editBetween("aaa", "aaaa", 4), { at: 3, removed: 0, added: "a" });
});

test("half a letter is never sent", () => {
  assert.deepEqual(editBetween("x😀y", "x😃y", 3), { at: 1, removed: 2, added: "😃" });
  const [grin, other] = ["\ud83d\ude00", "\ud83c\ude00"];
  assert.deepEqual(editBetween(grin, other, 0), { at: 0, removed: 2, added: other });
});

test("letters that no encoding knows are replaced", () => {
  assert.equal(wellFormed("a\ud83db😀\ude00"), "a\ufffdb😀\ufffd");
});
