import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ears, heard } from "../../static/js/ears.js";

const entry = (person, source) => ({ person, source, name: person, office: "", audio: true, video: true });
const stage = (...slots) => ({ slots: [...slots, null], backstage: [] });
const [me, other, programme] = [entry("me", "camera"), entry("you", "camera"), entry("crew", "programme")];
const returns = { returns: true, talking: [], talks: [] };

describe("whoever is on stage", () => {
  it("hears the others' own feeds, and of the venue nothing", () => {
    assert.deepEqual(heard(stage(me, other, programme), "me", undefined, false), { stage: "others", returns: false });
    assert.deepEqual(heard(stage(me, other), "me", undefined, false), { stage: "all", returns: false });
  });

  it("hears the return in place of everything, as long as it comes", () => {
    assert.deepEqual(heard(stage(me, programme), "me", returns, false), { stage: "none", returns: true });
    assert.deepEqual(heard(stage(me, programme), "me", { ...returns, returns: false }, false), { stage: "others", returns: false });
  });

  it("hears everything on wish", () => {
    assert.deepEqual(heard(stage(me, programme), "me", returns, true), { stage: "all", returns: false });
    let told = 0;
    ears.addEventListener("change", () => (told += 1));
    ears.hearAnyway(true);
    assert.deepEqual([ears.anyway, told], [true, 1]);
  });
});

describe("whoever is not there with a camera", () => {
  it("hears everything", () => {
    assert.deepEqual(heard(stage(other, programme), "me", returns, false), { stage: "all", returns: false });
    assert.deepEqual(heard(stage(entry("me", "screen"), programme), "me", returns, false), { stage: "all", returns: false });
    assert.deepEqual(heard(stage(programme), "crew", undefined, false), { stage: "all", returns: false });
    assert.deepEqual(heard(null, "me", undefined, false), { stage: "all", returns: false });
  });
});
