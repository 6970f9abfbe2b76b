/** The pause of a session: where it stands is computed from when it began and what was shifted, by the server's clock. */

/** @import {Pause, PausePlace, Snapshot} from "./types.js" */

/** The last of every pause, in milliseconds. */
export const HANDOVER = 30_000;

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const pauseFacts = {
  "pause.started": (snapshot, { pause }) => ({ ...snapshot, pause }),

  "pause.shifted": (snapshot, { run, shifts, version }) => inRun(snapshot, run, (pause) => ({ ...pause, shifts, version })),

  "pause.ended": (snapshot, { run }) => inRun(snapshot, run, () => null),

  "pause.returned": (snapshot, { run, back }) => inRun(snapshot, run, (pause) => ({ ...pause, mine: { back } })),
};

/**
 * Where a pause stands. Mirrors `Pause.at` in conference/pauses/model.py.
 *
 * @param {Pause} pause
 * @param {number} now milliseconds since 1970 on the server's clock
 * @returns {PausePlace} all in milliseconds; over when nothing is left in all
 */
export function pauseAt({ started_at, steps, shifts }, now) {
  const lengths = steps.map(({ seconds }, step) => seconds * 1000 + shifts[step]);
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  let into = Math.max(0, now - Date.parse(started_at));
  const leftInAll = Math.max(0, whole - into);
  for (const [step, length] of lengths.entries()) {
    if (into < length) return { step, into, left: length - into, leftInAll, next: following(lengths, step) };
    into -= length;
  }
  const last = lengths.length - 1;
  return { step: last, into: lengths[last], left: 0, leftInAll: 0, next: null };
}

/**
 * The next step that has not been cut out.
 *
 * @param {number[]} lengths
 * @param {number} step
 */
function following(lengths, step) {
  const next = lengths.findIndex((length, index) => index > step && length > 0);
  return next < 0 ? null : next;
}

/**
 * @param {Snapshot} snapshot
 * @param {number} run
 * @param {(pause: Pause) => Pause | null} change
 * @returns {Snapshot}
 */
function inRun(snapshot, run, change) {
  return snapshot.pause?.run === run ? { ...snapshot, pause: change(snapshot.pause) } : snapshot;
}
