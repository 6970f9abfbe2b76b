/**
 * How much of the pictures a person wants: all, small ones, or sound alone. Kept in this browser.
 *
 * @typedef {"all" | "small" | "sound"} Saving
 */

const KEY = "pictures";
/** @type {Saving[]} */
export const CHOICES = ["all", "small", "sound"];
/** Lines of the largest picture that is fetched when data are to be saved. */
export const SMALL = 180;

export const saves = new EventTarget();

/** @returns {Saving} */
export function saving() {
  const kept = /** @type {Saving} */ (localStorage.getItem(KEY));
  return CHOICES.includes(kept) ? kept : "all";
}

/** @param {Saving} choice */
export function save(choice) {
  localStorage.setItem(KEY, choice);
  saves.dispatchEvent(new Event("change"));
}

/**
 * @param {number} height
 * @param {Saving} choice
 */
export function capped(height, choice) {
  return choice === "sound" ? 0 : choice === "small" ? Math.min(height, SMALL) : height;
}

if (typeof window !== "undefined") {
  addEventListener("storage", ({ key }) => {
    if (key === KEY) saves.dispatchEvent(new Event("change"));
  });
}
