/** Times and numbers as people read them. */

import { language } from "./i18n.js";
import { room } from "./room.js";

const zone = () => room.snapshot?.conference?.timezone ?? "Europe/Berlin";

/** @param {string} instant ISO 8601 */
export function time(instant) {
  return new Date(instant).toLocaleTimeString(language(), { timeZone: zone(), hour: "2-digit", minute: "2-digit" });
}

/** @param {number} value */
export const decimal = (value) =>
  value.toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/**
 * @param {number} part
 * @param {number} whole
 */
export const percent = (part, whole) => (whole > 0 ? Math.round((100 * part) / whole) : 0);

/**
 * A span of time as `4:05` or `1:04:05`.
 *
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** @param {string} name */
export function initials(name) {
  const words = name.split(/[\s-]+/).filter((word) => /^\p{L}/u.test(word) && !/\.$/.test(word));
  return (words.at(0)?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "");
}
