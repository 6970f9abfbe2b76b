/** The film on stage: where it stands is computed from when it went on, by the server's clock. */

/** @import {Film, Snapshot} from "./types.js" */

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const filmFacts = {
  "film.changed": (snapshot, { film }) => ({ ...snapshot, film }),

  "film.filed": (snapshot, { films }) => ({ ...snapshot, films }),
};

/**
 * Where a film stands. Mirrors `Screening.at` in conference/films/model.py.
 *
 * @param {Film} film
 * @param {number} now milliseconds since 1970 on the server's clock
 * @returns {{position: number, wait: number, playing: boolean}} position and wait (until it begins to move) in
 *   milliseconds
 */
export function filmAt({ started_at, position, duration }, now) {
  if (started_at === null) return { position, wait: 0, playing: false };
  const gone = now - Date.parse(started_at);
  return { position: Math.min(position + Math.max(0, gone), duration), wait: Math.max(0, -gone), playing: gone >= 0 };
}
