/**
 * Custom elements in the light DOM: what the server rendered stands until the first change of theirs.
 */

import { html, render } from "/static/vendor/lit-html/lit-html.js";

import { room } from "./room.js";

export class Live extends HTMLElement {
  #stop = () => {};
  #awake = false;
  #due = false;

  connectedCallback() {
    this.#stop = room.subscribe(() => this.update());
    this.update();
  }

  disconnectedCallback() {
    this.#stop();
  }

  /** Renders again, once in a turn of the loop. */
  update() {
    if (this.#due || room.snapshot === null) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.#render();
    });
  }

  /** @returns {unknown} a lit template */
  view() {
    return html``;
  }

  /** Called after each rendering. */
  rendered() {}

  #render() {
    if (!this.#awake) this.replaceChildren();
    this.#awake = true;
    render(this.view(), this);
    this.rendered();
  }
}

/** @param {string} id a symbol of static/img/icons.svg */
export function icon(id) {
  return html`<svg class="icon" aria-hidden="true"><use href="/static/img/icons.svg#${id}"></use></svg>`;
}
