/**
 * What somebody put down in a field, a line each, without bullets.
 *
 * @param {string} text
 */
export function linesOf(text) {
  return text
    .split("\n")
    .map((line) => line.trim().replace(/^[-–•*\s]+/, ""))
    .filter((line) => line !== "");
}
