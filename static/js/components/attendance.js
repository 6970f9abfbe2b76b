/** Attendance of every session as it stands, for the organiser. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { Live } from "../element.js";
import { percent } from "../figures.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { bar } from "./tally.js";

/**
 * @typedef {object} Line
 * @property {string} session
 * @property {string} title
 * @property {string} state
 * @property {number} online
 * @property {number} hall
 * @property {number} came
 * @property {number} attended
 * @property {number} invited
 * @property {number} minutes
 */

const REFRESH = 5_000;

export class Attendance extends Live {
  /** @type {Line[] | null} */
  #lines = null;
  #timer = 0;

  connectedCallback() {
    super.connectedCallback();
    void this.#ask();
    this.#timer = setInterval(() => void this.#ask(), REFRESH);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    if (this.#lines === null) return html`<p class="soft">${t("people.loading")}</p>`;
    return html`<div class="kern-table-responsive" tabindex="0" role="region" aria-label=${t("attendance.title")}>
      <table class="kern-table">
        <thead class="kern-table__head">
          <tr class="kern-table__row">
            <th class="kern-table__header" scope="col">${t("attendance.session")}</th>
            ${["now", "came", "attended", "minutes"].map(
              (name) => html`<th class="kern-table__header kern-table__header--numeric" scope="col">${t(`attendance.${name}`)}</th>`,
            )}
          </tr>
        </thead>
        <tbody class="kern-table__body">${this.#lines.map(row)}</tbody>
      </table>
    </div>`;
  }

  async #ask() {
    if (document.visibilityState === "hidden") return;
    try {
      this.#lines = await room.command("attendance.read");
      this.update();
    } catch {
      /* asked again in a moment */
    }
  }
}

/** @param {Line} line */
function row({ session, title, state, online, hall, came, attended, invited, minutes }) {
  return html`<tr class="kern-table__row">
    <th class="kern-table__header" scope="row">
      <a href=${address(`/s/${session}/moderation`)}>${title}</a>
      ${state === "live" ? html` <span class="badge badge--live"><span class="dot"></span>${t("state.running")}</span>` : nothing}
    </th>
    <td class="kern-table__cell kern-table__cell--numeric">${online + hall}${hall > 0 ? html`<br /><span class="small soft">${t("attendance.hall", { n: hall })}</span>` : nothing}</td>
    <td class="kern-table__cell kern-table__cell--numeric">${came} <span class="soft small">/ ${invited}</span></td>
    <td class="kern-table__cell kern-table__cell--numeric">${attended} <span class="soft small">(${percent(attended, invited)} %)</span>${bar(percent(attended, invited))}</td>
    <td class="kern-table__cell kern-table__cell--numeric">${Math.round(minutes)}</td>
  </tr>`;
}

customElements.define("conf-attendance", Attendance);
