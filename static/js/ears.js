/**
 * What somebody hears who is on the stage himself: the programme brings his own voice back a moment later, so it is off
 * while he is there, or a return without that voice is heard in place of all.
 *
 * @import {Foldback, Stage} from "./state/types.js"
 * @typedef {object} Heard
 * @property {"all" | "others" | "none"} stage `others`: everything but the programme
 * @property {boolean} returns whether the return is heard
 */

/** Whether the sound of the stage is wanted anyway; `change` tells of it. For this page, until it is left. */
export const ears = new (class extends EventTarget {
  anyway = false;

  /** @param {boolean} on */
  hearAnyway(on) {
    this.anyway = on;
    this.dispatchEvent(new Event("change"));
  }
})();

/**
 * @param {Stage | null} stage
 * @param {string} me
 * @param {Foldback | undefined} foldback
 * @param {boolean} anyway
 * @returns {Heard}
 */
export function heard(stage, me, foldback, anyway) {
  const slots = stage?.slots ?? [];
  const there = slots.some((entry) => entry?.person === me && entry.source === "camera");
  if (!there || anyway) return { stage: "all", returns: false };
  if (foldback?.returns) return { stage: "none", returns: true };
  return { stage: slots.some((entry) => entry?.source === "programme" && entry.person !== me) ? "others" : "all", returns: false };
}
