/** Wishes for the working groups: first, second, third. Saved as they are chosen. */

import { html } from "/static/vendor/lit-html/lit-html.js";

import { attempt } from "../ask.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** @import {Breakouts} from "../state/types.js" */

const MOST = 3;

/**
 * @param {Breakouts} groups
 * @param {string} session
 * @param {(rooms: string[]) => void} saved
 */
export function wishes({ rooms, me }, session, saved) {
  const places = Array.from({ length: Math.min(MOST, rooms.length) }, (_, place) => place);
  return html`<div class="wishes">
    ${places.map(
      (place) => html`<label class="wishes__wish">
        <span>${t(`groups.wish.${place + 1}`)}</span>
        <select class="pick" @change=${(/** @type {Event} */ event) => save(place, /** @type {HTMLSelectElement} */ (event.target).value)}>
          <option value="" ?selected=${me.wishes[place] === undefined}>${t("groups.wish.none")}</option>
          ${rooms.map(({ key, title }) => html`<option value=${key} ?selected=${me.wishes[place] === key}>${title}</option>`)}
        </select>
      </label>`,
    )}
  </div>`;

  /**
   * @param {number} place
   * @param {string} key
   */
  async function save(place, key) {
    const others = me.wishes.map((wish, index) => (index === place ? key : wish === key ? "" : wish));
    if (place >= me.wishes.length) others.push(key);
    const wanted = others.filter(Boolean);
    await attempt(() => room.command("breakouts.wish", { session, rooms: wanted }));
    saved(wanted);
  }
}
