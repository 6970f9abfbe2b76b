/** What the audience sees, for those who make it: the stage, and a board where one is on it. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { room } from "../room.js";
import "./board-page.js";
import "./stage.js";

/** @param {boolean} active whether pictures flow */
export function preview(active) {
  const board = active ? (room.state.board ?? null) : null;
  return html`<div class="preview">
    <conf-stage .active=${active}></conf-stage>
    ${board === null ? nothing : html`<conf-board-page></conf-board-page>`}
  </div>`;
}
