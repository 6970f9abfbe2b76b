/** Words of the moderation to everybody, above the page until they are read or taken back. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** Whoever comes later than this is not told any more, in milliseconds. */
const FRESH = 15 * 60_000;
const READ = "message read";

export class Message extends Live {
  #told = 0;

  view() {
    const message = room.state.show?.message ?? null;
    if (message === null || Number(sessionStorage.getItem(READ)) >= message.id || now() - Date.parse(message.at) > FRESH) return nothing;
    if (this.#told !== message.id) announce("message", t("message.from", { text: message.text }));
    this.#told = message.id;
    return html`<section class="message" aria-label=${t("message.title")}>
      ${icon("speak")}
      <p>${message.text}</p>
      <button class="tool message__read" type="button" @click=${() => this.#read(message.id)}>${icon("close")}<span class="kern-sr-only">${t("message.read")}</span></button>
    </section>`;
  }

  /** @param {number} id */
  #read(id) {
    sessionStorage.setItem(READ, String(id));
    this.update();
    document.getElementById("main")?.focus();
  }
}

customElements.define("conf-message", Message);
