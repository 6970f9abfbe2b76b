/** Addresses of this person: `?as=` says whose they are where one browser holds several people's links. */

const LAST = "visitor";

let as = new URLSearchParams(location.search).get("as");

/** @param {string} path */
export function address(path) {
  return as === null ? path : `${path}${path.includes("?") ? "&" : "?"}as=${encodeURIComponent(as)}`;
}

/**
 * Keeps this page one person's: once somebody else's link is opened in this browser, an address without a name would
 * mean them.
 *
 * @param {string} handle whose page this is
 */
export function keepName(handle) {
  localStorage.setItem(LAST, handle);
  addEventListener("storage", ({ key, newValue }) => {
    if (key === LAST && newValue !== handle && as === null) nameAll(handle);
  });
}

/** @param {string} handle */
function nameAll(handle) {
  as = handle;
  history.replaceState(history.state, "", address(location.pathname + location.search) + location.hash);
  for (const [tag, attribute] of [["a", "href"], ["form", "action"]]) {
    for (const element of document.querySelectorAll(`${tag}[${attribute}^="/"]`)) {
      const path = element.getAttribute(attribute) ?? "";
      if (!path.includes("as=")) element.setAttribute(attribute, address(path));
    }
  }
}
