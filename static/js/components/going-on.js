/** Backstage, the last seconds before one is on stage: seen, heard on wish, and put off by a press. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { chime, setSound, soundOn } from "../chime.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

const TICK = 100;
/** The seconds at which it sounds, besides the beginning. */
const STROKES = [3, 2, 1];

export class GoingOn extends Live {
  #timer = 0;
  #shown = -1;
  #at = "";

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  get #mine() {
    const mine = room.state.stage?.backstage.find(({ person, source }) => person === room.me.id && source === "camera");
    return mine?.going_on_at ? mine : null;
  }

  get #left() {
    return Math.max(0, Math.ceil((Date.parse(this.#mine?.going_on_at ?? "") - now()) / 1000));
  }

  #tick() {
    const mine = this.#mine;
    if (mine === null) return;
    const left = this.#left;
    if (mine.going_on_at !== this.#at) {
      this.#at = mine.going_on_at ?? "";
      announce("stage", t("announce.going", { n: left }));
      chime();
    } else if (left !== this.#shown && STROKES.includes(left)) chime(1.5);
    if (left !== this.#shown) this.update();
    this.#shown = left;
  }

  view() {
    const mine = this.#mine;
    if (mine === null) return nothing;
    const left = this.#left;
    return html`<section class="going-on" aria-label=${t("backstage.going", { n: left })}>
      <span class="going-on__figure" aria-hidden="true">${left}</span>
      <div class="going-on__words">
        <p class="going-on__title" role="timer">${left > 0 ? t("backstage.going", { n: left }) : t("backstage.going.now")}</p>
        <p>${t(mine.audio ? "backstage.going.more" : "backstage.going.muted")}</p>
        <div class="row">
          <button class="kern-btn kern-btn--secondary kern-btn--large" type="button" @click=${() => attempt(() => room.ask("stage.call_off", { source: "camera", person: null }))}>
            ${icon("hand")}<span class="kern-label">${t("backstage.not_yet")}</span>
          </button>
          <label class="choice"><input type="checkbox" .checked=${soundOn()} @change=${(/** @type {Event} */ event) => setSound(/** @type {HTMLInputElement} */ (event.target).checked)} />${t("backstage.chime")}</label>
        </div>
      </div>
    </section>`;
  }
}

customElements.define("conf-going-on", GoingOn);
