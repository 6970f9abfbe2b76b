/** Signals: what is true at this moment and may be lost; the newest wins. */

/** @import {Signal, Signals, Snapshot} from "./types.js" */

/** @type {Record<string, (signals: Signals, body: any) => Signals>} */
const readers = {
  presence: (signals, body) => ({ ...signals, presence: body }),
  tally: (signals, body) => ({ ...signals, tallies: { ...signals.tallies, [body.poll]: body } }),
  feeds: (signals, body) => ({ ...signals, feeds: body.live }),
  speaking: (signals, body) => ({ ...signals, speaking: body.who }),
  foldback: (signals, body) => ({ ...signals, foldback: body }),
  devices: (signals, body) => ({ ...signals, devices: body.devices }),
  rating: (signals, body) => ({ ...signals, rating: body }),
  pause: (signals, body) => ({ ...signals, pause: body }),
  groups: (signals, body) => ({ ...signals, groups: body }),
  votes: (signals, body) => ({ ...signals, votes: body }),
  typing: (signals, body) => ({ ...signals, typing: body }),
  health: (signals, body) => ({ ...signals, health: body }),
};

/**
 * @param {Snapshot} snapshot
 * @param {Signal} signal
 * @returns {Snapshot}
 */
export function applySignal(snapshot, { name, body }) {
  const elsewhere = body?.session !== undefined && body.session !== snapshot.session;
  const read = readers[name];
  return read === undefined || elsewhere ? snapshot : { ...snapshot, signals: read(snapshot.signals, body) };
}
