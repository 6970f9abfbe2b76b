/**
 * The time until an instant on the server's clock, with the words `before` it; afterwards, with `over`, the time since,
 * or the words `since` and how long; with `then`, those words alone.
 */

import { html, render } from "/static/vendor/lit-html/lit-html.js";

import { now } from "../clock.js";
import { span } from "../figures.js";
import { t } from "../i18n.js";

export class Countdown extends HTMLElement {
  static observedAttributes = ["to", "over", "before", "since", "then"];

  #timer = 0;
  #awake = false;

  connectedCallback() {
    this.#timer = setInterval(() => this.#show(), 500);
    this.#show();
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#show();
  }

  #show() {
    const left = Date.parse(this.getAttribute("to") ?? "") - now();
    if (Number.isNaN(left)) return;
    if (!this.#awake) this.replaceChildren();
    this.#awake = true;
    const late = left < 0 && this.hasAttribute("over");
    const since = late ? this.getAttribute("since") : null;
    const figure = late ? `${since ? "" : "+"}${span(-left)}` : span(left);
    const then = left < 0 ? this.getAttribute("then") : null;
    const before = since ?? (late || then ? null : this.getAttribute("before"));
    render(
      html`<span class="countdown ${this.hasAttribute("small") ? "countdown--small" : ""}" role="timer">
        ${before ? html`<span>${before}</span>` : ""}
        ${then ? html`<span class="countdown__then">${then}</span>` : html`<span class="countdown__figure">${figure}</span>`}
        ${late && !since ? html`<span>${t("countdown.over")}</span>` : ""}
      </span>`,
      this,
    );
  }
}

customElements.define("conf-countdown", Countdown);
