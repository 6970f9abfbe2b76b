/** Tabs: one of several panels is open; arrow keys turn them, as screen readers announce it. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { t } from "../i18n.js";

export class Tabs {
  /** The one that is open. */
  open;
  #names;
  #changed;

  /**
   * @param {string[]} names panels have the ids `panel-{name}`, texts the keys `hall.{name}`
   * @param {() => void} changed another one is open
   */
  constructor(names, changed) {
    this.#names = names;
    this.#changed = changed;
    this.open = names[0];
  }

  /** @param {(name: string) => unknown} [sign] beside the name, if there is something new */
  view(sign = () => nothing) {
    return html`<div class="tabs" role="tablist" aria-label=${t("hall.panel")} @keydown=${(/** @type {KeyboardEvent} */ event) => this.#turn(event)}>
      ${this.#names.map((name) => this.#tab(name, sign(name)))}
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
      ${t(`hall.${name}`)}${sign}
    </button>`;
  }

  /** @param {KeyboardEvent} event */
  #turn({ key }) {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const along = key === "ArrowRight" ? 1 : this.#names.length - 1;
    this.#show(this.#names[(this.#names.indexOf(this.open) + along) % this.#names.length]);
    document.getElementById(`tab-${this.open}`)?.focus();
  }

  /** @param {string} name */
  #show(name) {
    this.open = name;
    this.#changed();
  }
}
