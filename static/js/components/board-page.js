/** A board as a page: what the stage and the hall's screen show of a room's work. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { linesOf } from "../board-lines.js";
import { Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

const SMALLEST = 0.45;
/** In a hall, with few words on it. */
const LARGEST = 1.7;

export class BoardPage extends Live {
  #said = "";

  view() {
    const board = room.state.board ?? null;
    if (board === null) return nothing;
    this.#say(board.title);
    return html`<article class="board-page" aria-label=${t("boards.of", { title: board.title })} tabindex="0">
      <h2>${board.title}</h2>
      <div class="board-page__fields">
        ${board.fields.map(
          ({ name, text }) => html`<section class="board-page__field">
            <h3>${name}</h3>
            ${linesOf(text).length > 0
              ? html`<ul>${linesOf(text).map((line) => html`<li>${line}</li>`)}</ul>`
              : html`<p class="board-page__empty">${t("board.empty")}</p>`}
          </section>`,
        )}
      </div>
    </article>`;
  }

  rendered() {
    const page = /** @type {HTMLElement | null} */ (this.querySelector(".board-page"));
    const largest = this.closest(".venue") ? LARGEST : 1;
    for (let size = largest; page && size >= SMALLEST; size -= 0.05) {
      page.style.setProperty("--fit", size.toFixed(2));
      if (page.scrollHeight <= page.clientHeight) return;
    }
  }

  /** @param {string} title */
  #say(title) {
    if (title !== this.#said) announce("board", t("boards.said", { title }));
    this.#said = title;
  }
}

customElements.define("conf-board-page", BoardPage);
