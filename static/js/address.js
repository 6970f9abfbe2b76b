/** Addresses of this person: `?as=` is kept where the page came with it. */

const as = new URLSearchParams(location.search).get("as");

/** The handle the page was opened as, where one browser holds several people's links. */
export const handle = as;

/** @param {string} path */
export function address(path) {
  return as === null ? path : `${path}${path.includes("?") ? "&" : "?"}as=${encodeURIComponent(as)}`;
}
