/** Texts by key, in the language of the page. */

/** @type {Record<string, string>} */
let catalogue = {};

export const language = () => document.documentElement.lang || "de";

/** Loads the catalogue of the page's language. */
export async function loadTexts() {
  const response = await fetch(`/static/i18n/${language()}.json`);
  catalogue = await response.json();
}

/**
 * The text of a key, its `{placeholders}` filled in. A key that is missing shows itself.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = catalogue[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * @param {string} key
 */
export const known = (key) => Object.hasOwn(catalogue, key);
