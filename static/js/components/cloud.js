/** A cloud of words on the hall's screens: it fills its box, and words stay where they are while it grows. */

import { layOut } from "../cloud.js";

const FONT = '600 100px "Fira Sans", sans-serif';
const SHOWN = 60;

export class Cloud extends HTMLElement {
  /** @type {[string, number][]} */
  #words = [];
  /** @type {Map<string, HTMLElement>} */
  #spans = new Map();
  /** @type {Map<string, {x: number, y: number}>} in shares of the box */
  #places = new Map();
  /** @type {Map<string, number>} */
  #widths = new Map();
  #context = document.createElement("canvas").getContext("2d");
  #watch = new ResizeObserver(() => this.#show());

  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
    this.#watch.observe(this);
    void document.fonts.load(FONT).then(() => {
      this.#widths.clear();
      this.#show();
    });
  }

  disconnectedCallback() {
    this.#watch.disconnect();
  }

  /** @param {[string, number][]} words the most frequent first */
  set words(words) {
    this.#words = words.slice(0, SHOWN);
    if (this.isConnected) this.#show();
  }

  /** @param {string} word the width in letters of one pixel */
  #width(word) {
    let width = this.#widths.get(word);
    if (width === undefined) {
      if (this.#widths.size > 1_000) this.#widths.clear();
      if (this.#context) this.#context.font = FONT;
      width = (this.#context?.measureText(word).width ?? 60 * word.length) / 100;
      this.#widths.set(word, width);
    }
    return width;
  }

  #show() {
    const box = { width: this.clientWidth, height: this.clientHeight };
    const counted = this.#words.map(([word, n]) => ({ word, n }));
    const placed = layOut(counted, box, (word) => this.#width(word), this.#places);
    this.#places = new Map(placed.map(({ word, x, y }) => [word, { x: x / box.width, y: y / box.height }]));
    const most = Math.max(1, ...this.#words.map(([, n]) => n));
    for (const { word, x, y, size } of placed) {
      const span = this.#span(word);
      const n = this.#words.find(([other]) => other === word)?.[1] ?? 0;
      span.dataset.weight = String(most === 1 ? 2 : 1 + Math.round((2 * (n - 1)) / (most - 1)));
      span.style.fontSize = `${size.toFixed(1)}px`;
      span.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
    }
    for (const [word, span] of this.#spans) {
      if (this.#places.has(word)) continue;
      span.remove();
      this.#spans.delete(word);
    }
  }

  /** @param {string} word */
  #span(word) {
    let span = this.#spans.get(word);
    if (span === undefined) {
      span = document.createElement("span");
      span.textContent = word;
      this.append(span);
      this.#spans.set(word, span);
    }
    return span;
  }
}

customElements.define("conf-cloud", Cloud);
