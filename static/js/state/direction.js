/** The run of show: its cues, which comes next, how late the day is. */

/** @import {AgendaItem, Cue, Direction, Part, Show, Snapshot} from "./types.js" */

const MINUTE = 60_000;
/** Less than this is on time, in seconds. */
export const ON_TIME = 60;

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const directionFacts = {
  "direction.stepped": (snapshot, { step, by, drift, cue, more = [] }) => {
    const changed = new Map((cue === null ? [] : [cue, ...more]).map((/** @type {Cue} */ one) => [one.key, one]));
    return directed(snapshot, (direction) => ({ step, by, drift, cues: direction.cues.map((known) => changed.get(known.key) ?? known) }));
  },

  "direction.listed": (snapshot, { cues }) => directed(snapshot, (direction) => ({ ...direction, cues })),

  "show.part": (snapshot, { part }) => shown(snapshot, { part }),

  "show.screen": (snapshot, { screen }) => shown(snapshot, { screen }),

  "show.message": (snapshot, { message }) => shown(snapshot, { message }),
};

/** @param {Direction} direction @returns {Cue | null} */
export const nextCue = ({ cues }) => cues.find(({ state }) => state === "waiting") ?? null;

/**
 * What would be taken back: the cue that was pressed, else the last that was passed over, and how many more with it.
 *
 * @param {Direction} direction
 * @returns {{cue: Cue, more: number} | null}
 */
export function lastStep({ cues }) {
  const last = cues.findLast(({ state }) => state !== "waiting");
  if (!last) return null;
  const together = last.step === null ? [last] : cues.filter(({ state, step }) => state !== "waiting" && step === last.step);
  return { cue: together.find(({ passed }) => !passed) ?? last, more: together.length - 1 };
}

/**
 * When a cue is due by the agenda. Mirrors `planned` in conference/direction/model.py.
 *
 * @param {Cue} cue
 * @param {AgendaItem[]} agenda
 * @returns {number | null} milliseconds since 1970; null for those without a time
 */
export function planned({ kind, session }, agenda) {
  const item = agenda.find(({ key }) => key === session);
  if (!item) return null;
  if (kind === "session.start" || kind === "groups.start") return Date.parse(item.starts);
  if (kind === "session.end") return Date.parse(item.ends);
  return kind === "groups.recall" ? Date.parse(item.ends) - MINUTE : null;
}

/**
 * How late the day is: as it was at the last cue with a time, or as the next one shows by not being done yet.
 *
 * @param {Direction} direction
 * @param {AgendaItem[]} agenda
 * @param {number} now milliseconds since 1970
 * @returns {number} seconds; negative: early
 */
export function lateness(direction, agenda, now) {
  const due = direction.cues.filter(({ state }) => state === "waiting").map((cue) => planned(cue, agenda));
  const next = due.find((at) => at !== null);
  const overdue = next === undefined || next === null ? -Infinity : Math.round((now - next) / 1000);
  return Math.max(direction.drift, overdue);
}

/**
 * Until when those on stage have: the part's end if it has one, else the session's.
 *
 * @param {Snapshot} snapshot
 * @param {AgendaItem} item
 * @returns {string} instant
 */
export function until({ show }, item) {
  const part = show?.part;
  return part && part.session === item.key && part.until ? part.until : item.ends;
}

/**
 * What comes next while a session's stage is empty: the part that is on, the one after it when it has ended, the
 * session itself before it begins, the day's next when nothing is left of it.
 *
 * @param {Snapshot} snapshot
 * @param {AgendaItem} item
 * @returns {{ended: Part | null, part: Part | null, next: AgendaItem | null, production: boolean}} `next`: the session
 *   that this is in, null when the day is over
 */
export function comingUp({ agenda, show }, item) {
  const nothing = { ended: null, part: null, production: false };
  if (item.state === "planned" || item.state === "backstage") return { ...nothing, part: item.parts[0] ?? null, next: item };
  const later = agenda.slice(agenda.indexOf(item) + 1).find(({ state }) => state !== "ended") ?? null;
  if (item.state === "ended") return { ...nothing, next: later };
  const on = show?.part?.session === item.key ? show.part : null;
  const at = item.parts.findIndex(({ key }) => key === on?.part);
  if (on === null || at < 0) return { ...nothing, part: item.parts[0] ?? null, next: item };
  if (!on.ended) return { ...nothing, part: item.parts[at], production: on.production === true, next: item };
  const part = item.parts[at + 1] ?? null;
  return { ended: item.parts[at], part, production: false, next: part ? item : later };
}

/** @param {Snapshot} snapshot @param {(direction: Direction) => Direction} change */
function directed(snapshot, change) {
  return snapshot.direction ? { ...snapshot, direction: change(snapshot.direction) } : snapshot;
}

/** @param {Snapshot} snapshot @param {Partial<Show>} change */
function shown(snapshot, change) {
  const before = snapshot.show ?? { part: null, screen: "auto", message: null };
  return { ...snapshot, show: { ...before, ...change } };
}
