/** The server's clock, as far as this page can tell. */

let ahead = 0;
let doubt = Infinity;

/** Milliseconds since 1970 on the server's clock. */
export const now = () => Date.now() + ahead;

/**
 * Learns from one reading of the server's clock; readings that took long are trusted less.
 *
 * @param {string} instant the server's time, ISO 8601
 * @param {number} took milliseconds between asking and hearing
 */
export function setClock(instant, took) {
  doubt += 1;
  if (took > doubt && doubt < 1000) return;
  doubt = took;
  ahead = Date.parse(instant) + took / 2 - Date.now();
}
