/** Figures and names as people read them, whatever the language. */

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

/** A text in which no line ends after the hyphen of an ellipsis, as in *Sicherung und -qualifizierung*. @param {string} text */
export const unbroken = (text) => text.replace(/(^|\s)-(?=\p{L})/gu, "$1-\u2060");

/** @param {string} name */
export function initials(name) {
  const words = name.split(/[\s-]+/).filter((word) => /^\p{L}/u.test(word) && !/\.$/.test(word));
  return (words.at(0)?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "");
}
