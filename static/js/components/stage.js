/** The stage: up to four people, a shared screen large when there is one, a poster when nobody is there. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import { SCREEN_SLOT } from "../state/index.js";
import { mark } from "./mark.js";
import { ownVideo } from "./own.js";
import { tile } from "./tile.js";

const SLOTS = 5;
const EMPTY = { planned: "stage.soon", backstage: "stage.soon", live: "stage.empty", ended: "over.title" };

/** Property `active`: fetch pictures. Attribute `silent`: no sound. */
export class Stage extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  #active = false;

  /** @param {boolean} active */
  set active(active) {
    if (active === this.#active) return;
    this.#active = active;
    if (active) this.#open();
    else this.#close();
    this.update();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.active = false;
  }

  view() {
    const slots = room.state.stage?.slots ?? [];
    const people = slots.filter((entry, slot) => entry && slot !== SCREEN_SLOT).length;
    const screen = Boolean(slots[SCREEN_SLOT]);
    return html`<div class="stage" data-kern-theme="dark" data-tiles=${people} ?data-screen=${screen}>
      ${screen ? this.#tile(SCREEN_SLOT) : nothing}
      <div class="stage__tiles">${[0, 1, 2, 3].map((slot) => (slots[slot] ? this.#tile(slot) : nothing))}</div>
      ${people === 0 && !screen ? this.#empty() : nothing}
      ${this.pictures?.blocked && slots.some((entry) => entry?.audio && entry.person !== room.me.id)
        ? html`<button class="stage__unlock kern-btn kern-btn--primary" type="button" @click=${() => this.pictures?.unlock()}>
            ${icon("sound")}<span class="kern-label">${t("stage.unlock")}</span>
          </button>`
        : nothing}
    </div>`;
  }

  /** @param {number} slot */
  #tile(slot) {
    const entry = room.state.stage?.slots[slot];
    if (!entry) return nothing;
    const own = ownVideo(entry);
    const place = this.pictures?.place(slot);
    if (own) return tile(entry, { video: own, playing: true, own: true });
    return tile(entry, { video: place?.video ?? null, playing: place?.playing ?? false });
  }

  #empty() {
    const next = room.item?.state === "live" ? room.item.parts[0] : null;
    return html`<div class="stage__empty">
      ${mark()}
      <h2>${room.item?.title ?? room.state.conference.title}</h2>
      <p>${t(EMPTY[room.item?.state ?? "planned"])}</p>
      ${next && next.speakers.length > 0 ? html`<p>${next.speakers.map(({ name }) => name).join(" · ")}</p>` : nothing}
    </div>`;
  }

  #open() {
    const session = room.state.session;
    if (session === null) return;
    this.pictures = new Pictures({
      session,
      of: "stage",
      slots: SLOTS,
      sound: !this.hasAttribute("silent"),
      entries: () => room.state.stage?.slots ?? [],
      changed: () => this.update(),
    });
    this.pictures.start();
  }

  #close() {
    this.pictures?.stop();
    this.pictures = null;
  }
}

customElements.define("conf-stage", Stage);
