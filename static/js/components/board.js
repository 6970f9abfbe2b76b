/** `<conf-board room="…">`: what a room writes down together. Needs the page's session and the room's key, nothing else. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { attempt, note, wording } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { editBetween } from "../typing.js";

/** @import {Board} from "../board.js" */
/** @import {BoardWriter, Light} from "../state/types.js" */

const LIGHTS = /** @type {const} */ (["open", "working", "done"]);
const LONGEST = 2_000;
const AGAIN = 2_000;

export class BoardView extends Live {
  static observedAttributes = ["room"];

  /** @type {Board | null} */
  board = null;
  #key = "";
  /** What each field shows: what an edit is measured against. @type {string[]} */
  #shown = [];
  /** @type {{index: number, places: ReturnType<Board["mark"]>[]} | null} */
  #marks = null;

  attributeChangedCallback() {
    this.update();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#close();
  }

  get #writable() {
    return room.state.breakouts?.round.phase === "open" && this.board?.state !== "closed";
  }

  view() {
    const boards = room.state.boards ?? null;
    const key = this.getAttribute("room") ?? "";
    if (boards === null || boards.fields.length === 0 || key === "") return nothing;
    void this.#open(key, boards.fields.length);
    const light = boards.lights[key] ?? "open";
    return html`<section class="board" data-light=${light} aria-labelledby="board-title">
      <header class="board__head">
        <h2 id="board-title">${t("board.title")}</h2>
        <span class="board__state" role="status" data-state=${this.board?.state ?? "opening"}>${this.#state()}</span>
      </header>
      ${repeat(
        boards.fields,
        (_, index) => `${key} ${index}`,
        (name, index) => this.#field(name, index),
      )}
      ${this.#lights(key, light)}
    </section>`;
  }

  rendered() {
    this.#refresh();
  }

  #state() {
    if (!this.#writable) return html`${icon("lock")} ${t("board.closed")}`;
    const known = this.board?.state ?? "opening";
    const state = known === "saving" && room.connection !== "live" ? "waiting" : known;
    return html`${state === "saved" ? icon("check") : nothing} ${t(`board.${state}`)}`;
  }

  /**
   * @param {string} name
   * @param {number} index
   */
  #field(name, index) {
    const here = (this.board?.writers ?? []).filter(({ field }) => field === index);
    return html`<div class="board__field" ?data-busy=${here.length > 0}>
      <div class="board__label">
        <label for="board-${index}">${name}</label>
        <span class="board__writers">${here.map(
          ({ name, colour }) => html`<span class="writer" data-colour=${colour}>${icon("edit")}<span>${name}</span></span>`,
        )}</span>
      </div>
      <div class="board__paper">
        <textarea
          id="board-${index}"
          class="board__text"
          rows="3"
          maxlength=${LONGEST}
          spellcheck="true"
          ?readonly=${!this.#writable || (this.board?.state ?? "opening") === "opening"}
          @beforeinput=${(/** @type {InputEvent} */ event) => this.#before(event, index)}
          @input=${(/** @type {InputEvent} */ event) => this.#input(event, index)}
          @compositionstart=${() => this.board?.hold(true)}
          @compositionend=${(/** @type {Event} */ event) => this.#composed(event, index)}
          @keydown=${(/** @type {KeyboardEvent} */ event) => this.#pressed(event, index)}
          @selectionchange=${(/** @type {Event} */ event) => this.#point(event, index)}
          @keyup=${(/** @type {Event} */ event) => this.#point(event, index)}
          @pointerup=${(/** @type {Event} */ event) => this.#point(event, index)}
          @focus=${(/** @type {Event} */ event) => this.#point(event, index)}
          @blur=${() => this.board?.point(null)}
        ></textarea>
        <div class="board__cursors" aria-hidden="true">${this.#cursors(index, here)}</div>
      </div>
    </div>`;
  }

  /**
   * The same text once more, unseen, so that the browser itself finds where others' cursors stand.
   *
   * @param {number} index
   * @param {BoardWriter[]} here
   */
  #cursors(index, here) {
    const text = this.board?.text(index) ?? "";
    const marks = here
      .map((writer) => ({ at: this.board?.placeOf(writer) ?? null, writer }))
      .filter(({ at }) => at !== null && at <= text.length)
      .toSorted((one, other) => Number(one.at) - Number(other.at));
    let from = 0;
    return html`${marks.map(({ at, writer }) => {
      const before = text.slice(from, Number(at));
      from = Number(at);
      return html`${before}<span class="cursor" data-colour=${writer.colour}></span>`;
    })}${marks.length > 0 ? text.slice(from) : nothing}`;
  }

  /**
   * @param {string} key
   * @param {Light} light
   */
  #lights(key, light) {
    return html`<fieldset class="lights" ?disabled=${!this.#writable}>
      <legend>${t("board.light")}</legend>
      <div class="lights__row">
        ${LIGHTS.map(
          (one) => html`<label class="light" data-light=${one}>
            <input type="radio" name="light-${key}" value=${one} .checked=${one === light} @change=${() => attempt(() => room.ask("board.mark", { room: key, light: one }))} />
            <span class="light__lamp" aria-hidden="true"></span><span>${t(`board.light.${one}`)}</span>
          </label>`,
        )}
      </div>
    </fieldset>`;
  }

  // --- typing ---------------------------------------------------------------------------------------------------------

  /**
   * @param {string} key
   * @param {number} fields
   */
  async #open(key, fields) {
    const wanted = `${key} ${fields}`;
    if (this.#key === wanted) return;
    this.#close();
    this.#key = wanted;
    this.#shown = Array.from({ length: fields }, () => "");
    const found = await import("../board.js").catch(() => null); // it brings the CRDT along: only where it is needed
    if (this.#key !== wanted || !this.isConnected) return;
    if (found === null) {
      this.#key = "";
      setTimeout(() => this.update(), AGAIN);
      return;
    }
    const board = new found.Board(key, fields);
    this.board = board;
    for (const name of ["change", "writers", "state"]) board.addEventListener(name, () => this.#changed(name));
    board.addEventListener("arriving", () => this.#mark());
    board.addEventListener("refused", (event) => note(wording(/** @type {CustomEvent} */ (event).detail)));
    this.update();
  }

  #close() {
    this.board?.close();
    this.board = null;
    this.#key = "";
  }

  /** @param {string} name */
  #changed(name) {
    if (name === "change") this.#refresh();
    this.update();
  }

  /** @param {number} index @returns {HTMLTextAreaElement | null} */
  #area(index) {
    return this.querySelector(`#board-${index}`);
  }

  /** Shows what the board says; the cursor stays beside its letter. */
  #refresh() {
    const board = this.board;
    if (board === null || board.held) return;
    this.#shown.forEach((shown, index) => {
      const area = this.#area(index);
      if (area === null) return;
      const text = board.text(index);
      if (text === area.value && text === shown) return grow(area);
      const focused = document.activeElement === area;
      const [start, end] = focused ? this.#selection(index, shown, text) : [0, 0];
      const scroll = area.scrollTop;
      this.#shown[index] = text;
      if (area.value !== text) {
        area.value = text;
        if (focused) area.setSelectionRange(start, end);
        area.scrollTop = scroll;
      }
      grow(area);
    });
  }

  /** Notes beside which letters the selection stands, before others' letters come in. */
  #mark() {
    const index = this.#shown.findIndex((_, each) => this.#area(each) === document.activeElement);
    const area = this.#area(index);
    const board = this.board;
    this.#marks =
      area && board && board.text(index) === this.#shown[index]
        ? { index, places: [area.selectionStart, area.selectionEnd].map((at) => board.mark(index, at)) }
        : null;
  }

  /**
   * Where the selection stands now: beside its letters, or at the end of what was undone.
   *
   * @param {number} index
   * @param {string} shown
   * @param {string} text
   */
  #selection(index, shown, text) {
    const marks = this.#marks;
    this.#marks = null;
    if (marks?.index === index) return marks.places.map((mark) => this.board?.place(mark) ?? 0);
    const edit = editBetween(shown, text);
    const at = edit === null ? text.length : edit.at + edit.added.length;
    return [at, at];
  }

  /**
   * The browser's own undo knows nothing of what others typed.
   *
   * @param {InputEvent} event
   * @param {number} index
   */
  #before(event, index) {
    if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return;
    event.preventDefault();
    if (event.inputType === "historyUndo") this.board?.undo(index);
    else this.board?.redo(index);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} index
   */
  #pressed(event, index) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y") || !this.#writable) return;
    event.preventDefault();
    if (key === "z" && !event.shiftKey) this.board?.undo(index);
    else this.board?.redo(index);
  }

  /**
   * @param {Event} event
   * @param {number} index
   */
  #input(event, index) {
    const area = /** @type {HTMLTextAreaElement} */ (event.target);
    const shown = this.#shown[index];
    this.#shown[index] = area.value;
    this.board?.type(index, shown, area.value, area.selectionEnd);
    grow(area);
    this.#point(event, index);
  }

  /**
   * @param {Event} event
   * @param {number} index
   */
  #composed(event, index) {
    this.#input(event, index);
    this.board?.hold(false);
    this.#refresh();
  }

  /**
   * @param {Event} event
   * @param {number} index
   */
  #point(event, index) {
    const area = /** @type {HTMLTextAreaElement} */ (event.target);
    if (this.#writable && document.activeElement === area && !this.board?.held) this.board?.point(index, area.selectionEnd);
  }
}

/** As tall as its text. @param {HTMLTextAreaElement} area */
function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

customElements.define("conf-board", BoardView);
