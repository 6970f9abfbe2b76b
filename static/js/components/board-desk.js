/** The moderator's desk for boards: which one the stage shows, and what is put to the vote. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { attempt } from "../ask.js";
import { linesOf } from "../board-lines.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** @import {BoardPage} from "../state/types.js" */

const EVERY = 10_000;
const MOST = 20;

export class BoardDesk extends Live {
  /** @type {BoardPage[] | null} */
  #pages = null;
  /** Lines chosen for a vote. @type {Set<string>} */
  #chosen = new Set();
  #timer = 0;
  #drafted = false;

  connectedCallback() {
    super.connectedCallback();
    void this.#load();
    this.#timer = setInterval(() => void this.#load(), EVERY);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    const pages = (this.#pages ?? []).filter(({ fields }) => fields.length > 0);
    const shown = room.state.board ?? null;
    if (pages.length === 0) return nothing;
    return html`<section class="sheet board-desk">
      <h2>${t("boards.title")}</h2>
      ${pages.every(isEmpty) ? html`<p class="soft">${t("boards.none")}</p>` : html`<ol class="board-desk__list">${pages.map((page) => this.#item(page, shown))}</ol>`}
      <div class="row">
        ${shown ? this.#button("close", "boards.hide", () => room.ask("board.hide")) : nothing}
        ${shown && this.#next(pages, shown) ? this.#button("arrow", "boards.next", () => this.#show(/** @type {BoardPage} */ (this.#next(pages, shown)))) : nothing}
        ${this.#chosen.size > 1 || (this.#chosen.size === 1 && !this.#drafted) ? this.#button("poll", "boards.vote", () => this.#vote()) : nothing}
      </div>
      ${this.#drafted ? html`<p class="voted" role="status">${icon("check")}<span>${t("boards.vote.done")}</span></p>` : nothing}
    </section>`;
  }

  /**
   * @param {BoardPage} page
   * @param {BoardPage | null} shown
   */
  #item(page, shown) {
    const on = shown?.session === page.session && shown.room === page.room;
    return html`<li class="board-desk__item" ?data-shown=${on}>
      <div class="line">
        <h3>${page.title}</h3>
        <span class="lamp-line" data-light=${page.light}><span class="lamp" aria-hidden="true"></span>${t(`board.light.${page.light}`)}</span>
      </div>
      ${isEmpty(page) ? html`<p class="soft small">${t("board.empty")}</p>` : html`<details class="fold"><summary>${t("boards.vote.pick")}</summary>
        <ul class="board-desk__lines">${page.fields.flatMap(({ text }) => linesOf(text)).map((line) => this.#line(line))}</ul></details>`}
      <div class="row">
        ${on
          ? html`<span class="badge">${t("boards.shown")}</span>`
          : html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" ?disabled=${isEmpty(page)} @click=${() => attempt(() => this.#show(page))}>
              ${icon("screen")}<span class="kern-label">${t("boards.show")}</span>
            </button>`}
      </div>
    </li>`;
  }

  /** @param {string} line */
  #line(line) {
    return html`<li><label><input type="checkbox" .checked=${this.#chosen.has(line)} @change=${() => this.#choose(line)} /><span>${line}</span></label></li>`;
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {() => Promise<unknown>} press
   */
  #button(name, text, press) {
    return html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => attempt(press)}>
      ${icon(name)}<span class="kern-label">${t(text)}</span>
    </button>`;
  }

  /**
   * @param {BoardPage[]} pages
   * @param {BoardPage} shown
   */
  #next(pages, shown) {
    const at = pages.findIndex(({ session, room: key }) => session === shown.session && key === shown.room);
    return pages.slice(at + 1).find((page) => !isEmpty(page)) ?? null;
  }

  /** @param {BoardPage} page */
  #show(page) {
    return room.ask("board.show", { groups: page.session, room: page.room });
  }

  /** @param {string} line */
  #choose(line) {
    if (!this.#chosen.delete(line) && this.#chosen.size < MOST) this.#chosen.add(line);
    this.#drafted = false;
    this.update();
  }

  /** The lines become options of a poll's draft; one alone is agreed with or not. */
  async #vote() {
    const lines = [...this.#chosen].map((line) => line.slice(0, 200));
    const one = lines.length === 1;
    await room.ask("poll.create", {
      question: one ? lines[0] : t("boards.vote.ask"),
      kind: one ? "scale" : "multiple",
      options: one ? [] : lines,
      max_choices: null,
      scale_from: one ? 1 : null,
      scale_to: one ? 5 : null,
      anonymous: false,
      revisable: true,
    });
    this.#chosen.clear();
    this.#drafted = true;
    this.update();
  }

  async #load() {
    try {
      this.#pages = await room.ask("board.list");
      this.update();
    } catch {
      /* it is asked again soon */
    }
  }
}

/** @param {BoardPage} page */
function isEmpty({ fields }) {
  return fields.every(({ text }) => linesOf(text).length === 0);
}

customElements.define("conf-board-desk", BoardDesk);
