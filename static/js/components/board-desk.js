/** The moderator's desk for boards: their order, which one the stage shows, and what is put to the vote. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { linesOf } from "../board-lines.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** @import {BoardPage} from "../state/types.js" */

const EVERY = 10_000;
const MOST = 20;
/** Letters of a question. */
const LONGEST = 280;

export class BoardDesk extends Live {
  /** @type {BoardPage[] | null} */
  #pages = null;
  /** Lines chosen for a vote. @type {Set<string>} */
  #chosen = new Set();
  #timer = 0;
  #told = "";
  /** The poll that was just made, and from which field: it is opened there. */
  #drafted = { poll: "", of: "" };
  /** @type {BoardPage | null} */
  #dragged = null;
  #hear = (/** @type {Event} */ event) => {
    if (/** @type {CustomEvent} */ (event).detail.name === "boards.ordered") void this.#load();
  };

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("heard", this.#hear);
    void this.#load();
    this.#timer = setInterval(() => void this.#load(), EVERY);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("heard", this.#hear);
    clearInterval(this.#timer);
  }

  view() {
    const pages = (this.#pages ?? []).filter(({ fields }) => fields.length > 0);
    const shown = room.state.board ?? null;
    if (pages.length === 0) return nothing;
    const written = pages.filter((page) => !isEmpty(page));
    if (written.length === 0 && !afterGroups()) return nothing;
    const at = written.findIndex((page) => shown !== null && same(page, shown));
    const [before, next] = [written[at - 1], shown === null ? written[0] : written[at + 1]];
    this.#tellNext(shown === null ? undefined : next, at + 2, written.length);
    return html`<section class="sheet board-desk">
      <div class="row row--apart"><h2>${t("boards.title")}</h2>${at >= 0 ? html`<span class="soft">${t("boards.at", { n: at + 1, all: written.length })}</span>` : nothing}</div>
      ${written.length === 0
        ? html`<p class="soft">${t("boards.none")}</p>`
        : html`<div class="row">
            ${before && shown ? this.#button("arrow", "boards.before", () => this.#show(before), "board-desk__back") : nothing}
            ${next ? this.#button("arrow", shown ? "boards.next" : "boards.first", () => this.#show(next), "kern-btn--primary") : nothing}
            ${shown ? this.#button("close", "boards.hide", () => room.ask("board.hide")) : nothing}
          </div>`}
      ${written.length === 0
        ? nothing
        : html`<ol class="board-desk__list" aria-label=${t("boards.order")}>
            ${repeat(pages, id, (page, place) => this.#item(page, shown, place, pages))}
          </ol>`}
      <div class="row">${this.#chosen.size > 0 ? this.#button("poll", "boards.vote", () => this.#voteOnChosen()) : nothing}</div>
      ${this.#ready("")}
    </section>`;
  }

  /**
   * The run of show offers the next board as well: nobody leaves boards out by pressing *Weiter*.
   *
   * @param {BoardPage | undefined} next
   * @param {number} place
   * @param {number} all
   */
  #tellNext(next, place, all) {
    const detail = next ? { groups: next.session, room: next.room, place, all } : null;
    const key = JSON.stringify(detail);
    if (key === this.#told) return;
    this.#told = key;
    queueMicrotask(() => room.dispatchEvent(new CustomEvent("nextboard", { detail })));
  }

  /** A poll was made of lines: it may begin at once. @param {string} of */
  #ready(of) {
    const { poll: key } = this.#drafted;
    const state = room.state.polls.find((poll) => poll.key === key)?.state;
    if (of !== this.#drafted.of || state !== "draft") return nothing;
    return html`<div class="board-desk__ready" role="status">
      <p class="voted">${icon("check")}<span>${t("boards.vote.done")}</span></p>
      ${this.#button("poll", "boards.vote.open", () => room.ask("poll.open", { poll: key }), "kern-btn--primary")}
    </div>`;
  }

  /**
   * @param {BoardPage} page
   * @param {BoardPage | null} shown
   * @param {number} place
   * @param {BoardPage[]} pages
   */
  #item(page, shown, place, pages) {
    const on = shown !== null && same(page, shown);
    return html`<li
      class="board-desk__item"
      draggable="true"
      ?data-shown=${on}
      @dragstart=${(/** @type {DragEvent} */ event) => this.#drag(event, page)}
      @dragover=${(/** @type {DragEvent} */ event) => this.#dragged?.session === page.session && event.preventDefault()}
      @drop=${(/** @type {DragEvent} */ event) => this.#drop(event, page)}
    >
      <div class="board-desk__head">
        <h3>${page.title}</h3>
        <span class="board-desk__order">
          ${this.#mover(page, -1, place > 0 && pages[place - 1].session === page.session)}
          ${this.#mover(page, 1, place < pages.length - 1 && pages[place + 1].session === page.session)}
        </span>
        <span class="lamp-line" data-light=${page.light}><span class="lamp" aria-hidden="true"></span>${t(`board.light.${page.light}`)}</span>
      </div>
      ${isEmpty(page) ? html`<p class="soft small">${t("board.empty")}</p>` : html`<details class="fold"><summary>${t("boards.vote.pick")}</summary>
        ${page.fields.filter(({ text }) => linesOf(text).length > 0).map((field) => this.#field(page, field))}</details>`}
      ${on
        ? html`<div class="row"><span class="badge">${t("boards.shown")}</span></div>`
        : isEmpty(page)
          ? nothing
          : html`<div class="row">
              <button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => attempt(() => this.#show(page))}>
                ${icon("screen")}<span class="kern-label">${t("boards.show")}</span>
              </button>
            </div>`}
    </li>`;
  }

  /**
   * @param {BoardPage} page
   * @param {{name: string, text: string}} field
   */
  #field(page, { name, text }) {
    const lines = linesOf(text);
    const of = `${id(page)} ${name}`;
    const ask = () => this.#vote(lines, t("boards.vote.question", { title: page.title, field: name }), of);
    return html`<section class="board-desk__field">
      <div class="row row--apart"><h4>${name}</h4>
        <button class="kern-btn kern-btn--secondary kern-btn--small" type="button" aria-label="${t("boards.vote.field")}: ${name}, ${page.title}" @click=${() => attempt(ask)}>
          ${icon("poll")}<span class="kern-label">${t("boards.vote.field")}</span>
        </button></div>
      ${this.#ready(of)}
      <ul class="board-desk__lines">${lines.map((line) => this.#line(line))}</ul>
    </section>`;
  }

  // --- their order ----------------------------------------------------------------------------------------------------

  /**
   * @param {BoardPage} page
   * @param {number} by
   * @param {boolean} possible
   */
  #mover(page, by, possible) {
    const way = by < 0 ? "up" : "down";
    return html`<button class="board-desk__move" type="button" id="${way}-${page.session}-${page.room}" data-way=${way} aria-label="${t(`boards.${way}`)}: ${page.title}" ?disabled=${!possible} @click=${() => this.#step(page, by)}>
      ${icon("arrow")}
    </button>`;
  }

  /**
   * @param {BoardPage} page
   * @param {number} by
   */
  async #step(page, by) {
    const rooms = this.#rooms(page);
    const at = rooms.indexOf(page.room);
    await this.#order(page, rooms.with(at, rooms[at + by]).with(at + by, page.room));
    const ways = by < 0 ? ["up", "down"] : ["down", "up"];
    const buttons = ways.map((way) => /** @type {HTMLButtonElement | null} */ (document.getElementById(`${way}-${page.session}-${page.room}`)));
    buttons.find((button) => button && !button.disabled)?.focus();
  }

  /**
   * @param {DragEvent} event
   * @param {BoardPage} page
   */
  #drag(event, page) {
    this.#dragged = page;
    event.dataTransfer?.setData("text/plain", page.title);
  }

  /**
   * @param {DragEvent} event
   * @param {BoardPage} onto
   */
  #drop(event, onto) {
    const dragged = this.#dragged;
    this.#dragged = null;
    if (dragged === null || dragged.session !== onto.session || dragged.room === onto.room) return;
    event.preventDefault();
    const rooms = this.#rooms(onto);
    const [from, to] = [rooms.indexOf(dragged.room), rooms.indexOf(onto.room)];
    void this.#order(dragged, rooms.toSpliced(from, 1).toSpliced(to, 0, dragged.room));
  }

  /** The rooms of a page's session in their order. @param {BoardPage} page */
  #rooms({ session }) {
    return (this.#pages ?? []).filter((page) => page.session === session).map((page) => page.room);
  }

  /**
   * @param {BoardPage} page
   * @param {string[]} rooms
   */
  async #order({ session, room: moved, title }, rooms) {
    const place = (/** @type {BoardPage} */ page) => (page.session === session ? rooms.indexOf(page.room) : -1);
    const others = (this.#pages ?? []).filter((page) => page.session !== session);
    const mine = (this.#pages ?? []).filter((page) => page.session === session).toSorted((one, other) => place(one) - place(other));
    const at = (this.#pages ?? []).findIndex((page) => page.session === session);
    this.#pages = others.toSpliced(at, 0, ...mine);
    this.update();
    announce("order", t("boards.moved", { title, n: rooms.indexOf(moved) + 1 }));
    await attempt(() => room.ask("board.order", { groups: session, rooms }));
    await this.#load();
  }

  // --- the vote -------------------------------------------------------------------------------------------------------

  /** @param {string} line */
  #line(line) {
    return html`<li><label><input type="checkbox" .checked=${this.#chosen.has(line)} @change=${() => this.#choose(line)} /><span>${line}</span></label></li>`;
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {() => Promise<unknown>} press
   * @param {string} [more]
   */
  #button(name, text, press, more = "kern-btn--secondary") {
    return html`<button class="kern-btn kern-btn--small ${more.startsWith("kern") ? more : `kern-btn--secondary ${more}`}" type="button" @click=${() => attempt(press)}>
      ${icon(name)}<span class="kern-label">${t(text)}</span>
    </button>`;
  }

  /** @param {BoardPage} page */
  #show(page) {
    return room.ask("board.show", { groups: page.session, room: page.room });
  }

  /** @param {string} line */
  #choose(line) {
    if (!this.#chosen.delete(line) && this.#chosen.size < MOST) this.#chosen.add(line);
    this.update();
  }

  async #voteOnChosen() {
    await this.#vote([...this.#chosen], t("boards.vote.ask"), "");
    this.#chosen.clear();
    this.update();
  }

  /**
   * Lines become options of a poll's draft; one alone is agreed with or not.
   *
   * @param {string[]} all
   * @param {string} question
   * @param {string} of
   */
  async #vote(all, question, of) {
    const lines = [...new Set(all.map((line) => line.slice(0, 200)))].slice(0, MOST);
    const one = lines.length === 1;
    const { poll } = await room.ask("poll.create", {
      question: one ? lines[0] : question.slice(0, LONGEST),
      kind: one ? "scale" : "multiple",
      options: one ? [] : lines,
      max_choices: null,
      scale_from: one ? 1 : null,
      scale_to: one ? 5 : null,
      anonymous: false,
      revisable: true,
    });
    this.#drafted = { poll, of };
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

/** Whether groups come before this stage in the day. */
function afterGroups() {
  const { agenda, session } = room.state;
  return agenda.slice(0, agenda.findIndex(({ key }) => key === session)).some(({ kind }) => kind === "breakouts");
}

/** @param {BoardPage} page */
function id({ session, room: key }) {
  return `${session} ${key}`;
}

/**
 * @param {BoardPage} one
 * @param {BoardPage} other
 */
function same(one, other) {
  return id(one) === id(other);
}

/** @param {BoardPage} page */
function isEmpty({ fields }) {
  return fields.every(({ text }) => linesOf(text).length === 0);
}

customElements.define("conf-board-desk", BoardDesk);
