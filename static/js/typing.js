/** What somebody's typing changed in a text, for a CRDT: one deletion and one insertion at a place. Pure. */

/**
 * @typedef {object} Edit
 * @property {number} at
 * @property {number} removed UTF-16 units
 * @property {string} added
 */

/**
 * The smallest edit that makes one text of another. Where several would do (one more *l* in *hallo*), it is the one
 * that ends at the cursor. Surrogate pairs are not torn apart: half a letter cannot be sent.
 *
 * @param {string} before
 * @param {string} after
 * @param {number} [cursor] where the cursor stands in `after`
 * @returns {Edit | null} null: nothing changed
 */
export function editBetween(before, after, cursor = after.length) {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  const most = Math.min(shorter, after.length - cursor);
  let end = 0;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  let at = 0;
  while (at < shorter - end && before[at] === after[at]) at += 1;
  while (end < shorter - at && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  if (isHigh(before, at - 1) || isHigh(after, at - 1)) at -= 1;
  if (end > 0 && (isLow(before, before.length - end) || isLow(after, after.length - end))) end -= 1;
  return { at, removed: before.length - end - at, added: after.slice(at, after.length - end) };
}

/**
 * Letters that no encoding knows become the sign for that.
 *
 * @param {string} text
 */
export function wellFormed(text) {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}

/**
 * @param {string} text
 * @param {number} at
 */
function isHigh(text, at) {
  const code = at < 0 ? 0 : text.charCodeAt(at);
  return code >= 0xd800 && code <= 0xdbff;
}

/**
 * @param {string} text
 * @param {number} at
 */
function isLow(text, at) {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
