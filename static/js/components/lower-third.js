/**
 * Lower thirds, as on television: who comes on stage or takes the word is named for a few seconds, one after the
 * other; whom a moderator names stays named.
 *
 * @import {Entry, Fact} from "../state/types.js"
 */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { unbroken } from "../figures.js";
import { room } from "../room.js";
import { feedName } from "../state/index.js";

/** How long a name stands, in milliseconds. */
const SHOWN = 8_000;
/** Between two of them, so that the eye can follow, in milliseconds. */
const APART = 400;
/** Whoever was named is not named again for so long, in milliseconds: a conversation must not flicker. */
const REST = 60_000;

/** Which names stand on the picture now. */
export class LowerThirds {
  /** @type {string[]} */
  #queue = [];
  /** @type {string | null} */
  #now = null;
  /** @type {Map<string, number>} */
  #last = new Map();
  #timer = 0;
  #changed;
  #heard = (/** @type {Event} */ event) => this.#hear(/** @type {CustomEvent} */ (event).detail);

  /** @param {() => void} changed called when another name is to be shown */
  constructor(changed) {
    this.#changed = changed;
  }

  start() {
    room.addEventListener("heard", this.#heard);
  }

  stop() {
    room.removeEventListener("heard", this.#heard);
    clearTimeout(this.#timer);
    [this.#queue, this.#now, this.#timer] = [[], null, 0];
  }

  /** Those on stage whose names stand on the picture now. @returns {Entry[]} */
  get shown() {
    const named = this.#people.filter((entry) => entry.named);
    if (named.length > 0) return named;
    return this.#people.filter((entry) => feedName(entry) === this.#now);
  }

  /** @param {Entry} entry */
  names(entry) {
    return this.shown.includes(entry);
  }

  get #people() {
    return (room.state.stage?.slots ?? []).filter((entry) => entry?.source === "camera").filter((entry) => entry !== null);
  }

  /** @param {Fact} fact */
  #hear({ name, body }) {
    if (name === "stage.brought_on") this.#want(body);
    else if (name === "speaker.changed" && body.person !== null) this.#want(body);
    else if (name === "stage.named" && !body.named && feedName(body) === this.#now) this.#next();
  }

  /** @param {{person: string, source: string}} who */
  #want(who) {
    const feed = feedName(who);
    const due = performance.now() - (this.#last.get(feed) ?? -REST) >= REST;
    if (who.source !== "camera" || !due || this.#queue.includes(feed)) return;
    this.#last.set(feed, performance.now());
    this.#queue.push(feed);
    if (this.#timer === 0) this.#timer = setTimeout(() => this.#next(), APART);
  }

  /** The name that stands goes; after a breath the next one comes, if its owner is still there. */
  #next() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const stood = this.#now;
    this.#now = null;
    if (stood === null) {
      const here = new Set(this.#people.map(feedName));
      this.#queue = this.#queue.filter((feed) => here.has(feed));
      this.#now = this.#queue.shift() ?? null;
    }
    if (this.#now !== null) this.#timer = setTimeout(() => this.#next(), SHOWN);
    else if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#next(), APART);
    this.#changed();
  }
}

/**
 * A name and an office on a picture. What it says stands elsewhere too: screen readers need not hear it twice.
 *
 * @param {{name: string, office: string}} entry
 * @param {boolean} shown
 */
export function lowerThird({ name, office }, shown) {
  return html`<div class="third" aria-hidden="true" ?data-shown=${shown}>
    <b class="third__name">${name}</b>
    ${office ? html`<span class="third__office">${unbroken(office)}</span>` : nothing}
  </div>`;
}
