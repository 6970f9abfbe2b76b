/** The chat: messages, moderation, and letters as they are typed (real-time text, EN 301 549 section 6.2). */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { newKey } from "../key.js";
import { room } from "../room.js";
import { chatAfter } from "../state/index.js";

/** @import {Chat as Talk, ChatMessage, Fact} from "../state/types.js" */

const LONGEST = 500;
const SHOWS_LETTERS = "chat letters";
/** At most one update of a draft in so many milliseconds. */
const PACE = 150;
const NEAR = 80;

/**
 * Property `shown`: whether it is before somebody's eyes. Attribute `room`: the chat of this room of working groups
 * instead of the session's; who reads it is asked at the server. Event `news`: how many messages there are now.
 */
export class Chat extends Live {
  static observedAttributes = ["room"];

  /** A room's chat, once it was read. @type {Talk | null} */
  #own = null;
  /** What was heard while it was being read. @type {Fact[]} */
  #heard = [];
  #reading = false;
  #reads = 0;
  #shown = false;
  #watching = false;
  #bottom = true;
  #sending = false;
  #typed = "";
  #told = "";
  #timer = 0;
  #greeted = () => {
    this.#watching = false;
    this.#told = "";
    this.#watch();
    void this.#read();
  };
  #hear = (/** @type {Event} */ event) => this.#take(/** @type {CustomEvent<Fact>} */ (event).detail);

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("greeted", this.#greeted);
    room.addEventListener("heard", this.#hear);
    if (room.connection === "live") this.#greeted();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("greeted", this.#greeted);
    room.removeEventListener("heard", this.#hear);
    clearTimeout(this.#timer);
  }

  attributeChangedCallback() {
    this.#own = null;
    if (this.isConnected && room.connection === "live") this.#greeted();
  }

  /** The room of working groups whose chat this is; null: it is the session's. */
  get of() {
    return this.getAttribute("room");
  }

  /** The chat as it is known here. */
  get chat() {
    return this.of === null ? (room.state.chat ?? null) : this.#own;
  }

  set shown(shown) {
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#bottom = true;
    this.#watch();
    this.update();
  }

  get shown() {
    return this.#shown;
  }

  view() {
    const { chat } = this;
    if (chat === null) return nothing;
    const typing = room.state.signals.typing;
    const drafts = typing?.room === this.of ? typing.drafts : [];
    return html`<div class="chat">
      <div class="chat__scroll" tabindex="0" role="log" aria-label=${t(this.of === null ? "chat.title" : "groups.chat")} @scroll=${(/** @type {Event} */ event) => this.#scrolled(event)}>
        ${chat.messages.length === 0 ? html`<p class="empty">${t(chat.open ? (this.of === null ? "chat.none" : "groups.chat.none") : "chat.off")}</p>` : nothing}
        <ul class="chat__list">${repeat(chat.messages, ({ key }) => key, (message) => this.#message(message, chat))}</ul>
      </div>
      ${this.#letters && drafts.length > 0
        ? html`<ul class="chat__drafts">${drafts.map(({ name, text }) => html`<li><b>${name}</b> <span>${text}</span><i class="caret"></i></li>`)}</ul>`
        : nothing}
      ${this.#foot(chat)}
    </div>`;
  }

  rendered() {
    const scroll = this.querySelector(".chat__scroll");
    if (scroll && this.#bottom) scroll.scrollTop = scroll.scrollHeight;
  }

  /** Whether this person takes part in real-time text. */
  get #letters() {
    return localStorage.getItem(SHOWS_LETTERS) === "on";
  }

  /**
   * @param {ChatMessage} message
   * @param {Talk} chat
   */
  #message(message, chat) {
    const mine = message.person === room.me.id;
    const muted = chat.mutes.some(({ person }) => person === message.person);
    return html`<li class="chat-message" ?data-mine=${mine} ?data-hidden=${message.hidden}>
      <p class="chat-message__by"><b>${mine ? t("chat.me") : message.name}</b> ${mine ? nothing : html`<span>${message.organisation}</span>`} <time>${time(message.at)}</time></p>
      <p class="chat-message__text">${message.text}</p>
      ${room.may("moderate") ? this.#tools(message, mine, muted) : nothing}
    </li>`;
  }

  /**
   * @param {ChatMessage} message
   * @param {boolean} mine
   * @param {boolean} muted
   */
  #tools({ key, person, name, text, hidden }, mine, muted) {
    const hide = t(hidden ? "chat.show" : "chat.hide");
    const mute = t(muted ? "chat.unmute" : "chat.mute");
    return html`<p class="chat-message__tools">
      ${hidden ? html`<span class="badge badge--warn">${t("chat.hidden")}</span>` : nothing}
      <button class="link" type="button" aria-label="${hide}: ${text}" @click=${() => attempt(() => room.ask("chat.hide", { message: key, hidden: !hidden }))}>${hide}</button>
      ${mine
        ? nothing
        : html`<button class="link" type="button" aria-label="${mute}: ${name}" @click=${() => attempt(() => room.ask("chat.mute", { person, muted: !muted }))}>${mute}</button>`}
    </p>`;
  }

  /** @param {Talk} chat */
  #foot(chat) {
    if (!room.may("join") || room.item?.state === "ended") return nothing;
    if (!chat.open) return html`<p class="chat__closed">${t("chat.off")}</p>`;
    if (chat.muted) return html`<p class="chat__closed">${t("chat.muted")}</p>`;
    return html`<form class="chat__form" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event)}>
      <label class="kern-sr-only" for="chat-text">${t("chat.label")}</label>
      <textarea class="kern-form-input__input" id="chat-text" name="text" rows="1" maxlength=${LONGEST} placeholder=${t("chat.label")} required
        @input=${(/** @type {InputEvent} */ event) => this.#type(/** @type {HTMLTextAreaElement} */ (event.target).value)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => this.#key(event)}></textarea>
      <button class="kern-btn kern-btn--primary chat__send" ?disabled=${this.#sending} aria-label=${t("chat.send")}>${icon("arrow")}</button>
      <label class="check chat__letters"><input type="checkbox" .checked=${this.#letters} @change=${() => this.#turn()} /><span>${t("chat.letters")}</span></label>
    </form>`;
  }

  /** Reads a room's chat, and what was said meanwhile. */
  async #read() {
    const of = this.of;
    if (of === null) return;
    const turn = (this.#reads += 1);
    [this.#reading, this.#heard] = [true, []];
    const chat = await room.ask("chat.read", { room: of }).catch(() => null);
    if (turn !== this.#reads) return;
    this.#reading = false;
    if (chat !== null) this.#keep(this.#heard.reduce(chatAfter, chat));
  }

  /** @param {Fact} fact */
  #take(fact) {
    if (fact.stream !== room.state.session || !fact.name.startsWith("chat.")) return;
    if (this.#reading) this.#heard.push(fact);
    if (this.#own !== null) this.#keep(chatAfter(this.#own, fact));
  }

  /** @param {Talk} chat */
  #keep(chat) {
    this.#own = chat;
    this.update();
    this.dispatchEvent(new CustomEvent("news", { detail: chat.last }));
  }

  /** @param {Event} event */
  #scrolled({ target }) {
    const { scrollTop, scrollHeight, clientHeight } = /** @type {HTMLElement} */ (target);
    this.#bottom = scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Enter sends, with shift it is a new line. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    /** @type {HTMLTextAreaElement} */ (event.target).form?.requestSubmit();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = String(new FormData(form).get("text") ?? "");
    if (text.trim() === "" || this.#sending) return;
    this.#sending = true;
    this.#forget();
    this.update();
    const done = await attempt(() => room.ask("chat.say", { room: this.of, message: newKey("m"), text }).then(() => true));
    this.#sending = false;
    this.#bottom = true;
    if (done) form.reset();
    this.update();
  }

  /** @param {string} text */
  #type(text) {
    this.#typed = text;
    if (this.#letters && this.#timer === 0) this.#tell();
  }

  #tell() {
    this.#timer = 0;
    if (this.#typed === this.#told || room.connection !== "live") return;
    this.#told = this.#typed;
    room.ask("chat.type", { room: this.of, text: this.#told }).catch(() => (this.#told = ""));
    this.#timer = setTimeout(() => this.#tell(), PACE);
  }

  /** What was typed is sent or taken back: the server forgets it. */
  #forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#typed = this.#told = "";
  }

  #turn() {
    const on = !this.#letters;
    localStorage.setItem(SHOWS_LETTERS, on ? "on" : "off");
    if (!on && this.#told !== "") room.ask("chat.type", { room: this.of, text: "" }).catch(() => {});
    if (!on) this.#forget();
    this.#watch();
    this.update();
  }

  /** Letters of others are sent to those pages alone that show them. */
  #watch() {
    const on = this.#shown && this.#letters;
    if (on === this.#watching || room.connection !== "live") return;
    this.#watching = on;
    room.ask("chat.watch", { room: this.of, on }).catch(() => (this.#watching = false));
  }
}

customElements.define("conf-chat", Chat);
