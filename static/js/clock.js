/** The server's clock, as far as this page can tell. */

/** What a clock may drift between two readings, in milliseconds. */
const DRIFT = 50;

let ahead = 0;
let doubt = Infinity;

/** Milliseconds since 1970 on the server's clock. */
export const now = () => Date.now() + ahead;

/**
 * Learns from one reading of the server's clock; readings that took long are trusted less. One that cannot be true
 * beside the last means that a clock was set, or the machine slept: then the newest counts.
 *
 * @param {string} instant the server's time, ISO 8601
 * @param {number} took milliseconds between asking and hearing
 */
export function setClock(instant, took) {
  const found = Date.parse(instant) + took / 2 - Date.now();
  const wasSet = Math.abs(found - ahead) > (took + doubt) / 2 + DRIFT;
  doubt += 1;
  if (!wasSet && took > doubt && doubt < 1000) return;
  doubt = took;
  ahead = found;
}
