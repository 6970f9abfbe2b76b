/** The day: which session runs, when each begins and ends. */

/** @import {AgendaItem, Snapshot} from "./types.js" */

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const agendaFacts = {
  "session.moved": (snapshot, { session, state, running_since }) =>
    withItem(snapshot, session, (item) => ({ ...item, state, running_since })),

  "agenda.replaced": (snapshot, { agenda }) => ({ ...snapshot, agenda }),

  "session.shifted": (snapshot, { sessions }) =>
    sessions.reduce(
      (/** @type {Snapshot} */ before, /** @type {{key: string, starts: string, ends: string, shifted: number}} */ { key, ...times }) =>
        withItem(before, key, (item) => ({ ...item, ...times })),
      snapshot,
    ),
};

/**
 * @param {Snapshot} snapshot
 * @param {string} key
 * @param {(item: AgendaItem) => AgendaItem} change
 * @returns {Snapshot}
 */
function withItem(snapshot, key, change) {
  return { ...snapshot, agenda: snapshot.agenda.map((item) => (item.key === key ? change(item) : item)) };
}

/**
 * The session where everybody belongs now: the live one that began last, else the first in backstage, else the first
 * planned one after all that is over, else the first that was left out, else none because the day is over. Nobody is
 * led back to a lobby.
 *
 * @param {AgendaItem[]} agenda
 * @returns {AgendaItem | null}
 */
export function belongsNow(agenda) {
  const live = agenda.filter((item) => item.state === "live");
  if (live.length > 0) {
    return live.reduce((latest, item) => (begunLater(item, latest) ? item : latest));
  }
  const over = agenda.findLastIndex(({ state }) => state === "ended");
  const planned = (/** @type {AgendaItem} */ { state }, /** @type {number} */ index) => state === "planned" && index > over;
  const leftOut = (/** @type {AgendaItem} */ { state, kind }, /** @type {number} */ index) => state === "planned" && index < over && kind !== "lobby";
  return agenda.find(({ state }) => state === "backstage") ?? agenda.find(planned) ?? agenda.find(leftOut) ?? null;
}

/**
 * Whether somebody who sits in one session is wanted in another. Who waits early need not go back to the door.
 *
 * @param {AgendaItem} belongs
 * @param {AgendaItem} here
 */
export function leadsOn(belongs, here) {
  return belongs.key !== here.key && belongs.state === "live" && !(belongs.kind === "lobby" && here.state !== "live");
}

/**
 * Where the day goes on once this page's session is over: where something runs, else with what comes after it; what
 * was left out before stays left out. A session with a stage goes on itself.
 *
 * @param {Snapshot} snapshot
 * @returns {AgendaItem | null}
 */
export function whereNext({ agenda, session }) {
  if (agenda.some(({ key, kind }) => key === session && kind === "live")) return null;
  const others = agenda.filter(({ key }) => key !== session);
  const later = agenda.slice(agenda.findIndex(({ key }) => key === session) + 1);
  const running = others.filter(({ state }) => state === "live");
  return belongsNow(running) ?? belongsNow(later) ?? belongsNow(others);
}

/**
 * @param {AgendaItem} item
 * @param {AgendaItem} other
 */
function begunLater(item, other) {
  const begun = (/** @type {AgendaItem} */ { running_since, starts }) => Date.parse(running_since ?? starts);
  return begun(item) > begun(other) || (begun(item) === begun(other) && item.starts > other.starts);
}
