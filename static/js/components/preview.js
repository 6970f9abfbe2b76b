/** What the audience sees, for those who make it: the stage, a board where one is on it, or that there is a pause. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { now } from "../clock.js";
import { icon } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { pauseAt } from "../state/index.js";
import "./board-page.js";
import { endOf } from "./pause.js";
import "./stage.js";

/** @param {boolean} active whether pictures flow */
export function preview(active) {
  const board = active ? (room.state.board ?? null) : null;
  const pause = active ? (room.state.pause ?? null) : null;
  return html`<div class="preview">
    <conf-stage .active=${active}></conf-stage>
    ${board === null ? nothing : html`<conf-board-page></conf-board-page>`}
    ${pause === null
      ? nothing
      : html`<p class="preview__pause" data-kern-theme="dark">${icon("cup")}<b>${t("pause.backstage")}</b> ${t("inhall.until", { time: time(endOf(pauseAt(pause, now()))) })}</p>`}
  </div>`;
}
