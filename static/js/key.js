/**
 * A key that this page makes up, so that what is sent twice is kept once.
 *
 * @param {string} prefix
 */
export function newKey(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${prefix}-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
