/** One polite live region for the page: at most one announcement in two seconds, the newest of a topic. */

const PAUSE = 2_000;

/** @type {Map<string, string>} */
const waiting = new Map();
let quietUntil = 0;
let timer = 0;

/**
 * @param {string} topic a newer text of the same topic replaces a waiting one
 * @param {string} text
 */
export function announce(topic, text) {
  waiting.delete(topic);
  waiting.set(topic, text);
  if (timer === 0) timer = setTimeout(speak, Math.max(0, quietUntil - Date.now()));
}

function speak() {
  timer = 0;
  const region = document.getElementById("announcer");
  const next = waiting.entries().next().value;
  if (!region || !next) return;
  waiting.delete(next[0]);
  region.textContent = next[1];
  quietUntil = Date.now() + PAUSE;
  if (waiting.size > 0) timer = setTimeout(speak, PAUSE);
}
