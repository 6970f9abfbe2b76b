/** Tabs: one of several panels is open; arrow keys turn them, as screen readers announce it. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { t } from "../i18n.js";

export class Tabs {
  /** Panels have the ids `panel-{name}`. @type {string[]} */
  names;
  #wanted;
  #label;
  #says;
  #changed;

  /**
   * @param {string[]} names
   * @param {object} words
   * @param {string} words.label the key of what they all are
   * @param {(name: string) => string} words.says what stands on one
   * @param {() => void} changed another one is open
   */
  constructor(names, { label, says }, changed) {
    this.names = names;
    this.#wanted = names[0];
    this.#label = label;
    this.#says = says;
    this.#changed = changed;
  }

  /** The one that is open. */
  get open() {
    return this.names.includes(this.#wanted) ? this.#wanted : this.names[0];
  }

  /** @param {(name: string) => unknown} [sign] beside the name, if there is something new */
  view(sign = () => nothing) {
    return html`<div class="tabs" role="tablist" aria-label=${t(this.#label)} @keydown=${(/** @type {KeyboardEvent} */ event) => this.#turn(event)}>
      ${this.names.map((name) => this.#tab(name, sign(name)))}
    </div>`;
  }

  /**
   * @param {string} name
   * @param {unknown} sign
   */
  #tab(name, sign) {
    const open = this.open === name;
    return html`<button
      class="tabs__tab"
      type="button"
      role="tab"
      id="tab-${name}"
      aria-controls="panel-${name}"
      aria-selected=${open ? "true" : "false"}
      tabindex=${open ? 0 : -1}
      @click=${() => this.#show(name)}
    >
      ${this.#says(name)}${sign}
    </button>`;
  }

  /** @param {KeyboardEvent} event */
  #turn({ key }) {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const along = key === "ArrowRight" ? 1 : this.names.length - 1;
    this.#show(this.names[(this.names.indexOf(this.open) + along) % this.names.length]);
    document.getElementById(`tab-${this.open}`)?.focus();
  }

  /** @param {string} name */
  #show(name) {
    this.#wanted = name;
    this.#changed();
  }
}
