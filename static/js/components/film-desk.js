/** The films of the programme in the moderator's hand: start, pause, to the beginning, end. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { attempt } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { span } from "../figures.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { filmAt } from "../state/index.js";

/** @import {Film, FilmPart} from "../state/types.js" */

const TICK = 250;

export class FilmDesk extends Live {
  #timer = 0;

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => room.state.film && this.update(), TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    const films = room.state.films ?? [];
    if (films.length === 0) return nothing;
    const shown = room.state.film ?? null;
    return html`<section class="sheet stack film-desk" aria-labelledby="film-desk">
      <h2 id="film-desk">${t("film.desk")}</h2>
      ${films.map((film) => (film.part === shown?.part ? this.#on(shown) : this.#waiting(film)))}
      ${room.may("organise") ? html`<p><a class="kern-link" href=${address("/organise/films")}>${icon("upload")}${t("film.desk.upload")}</a></p>` : nothing}
    </section>`;
  }

  /** @param {FilmPart} film */
  #waiting({ part, title, file }) {
    const open = ["live", "backstage"].includes(room.item?.state ?? "");
    return html`<div class="film-desk__film">
      <b>${title}</b>
      ${file === null
        ? html`<span class="small soft">${t("film.desk.none")}</span>`
        : html`<span class="small soft">${t("film.desk.file", { length: span(file.duration) })}${file.subtitles ? ` · ${t("film.desk.subtitles")}` : ""}</span>
            <div class="row">${button("arrow", "film.desk.start", "primary", title, () => room.ask("film.start", { part }), !open)}</div>`}
    </div>`;
  }

  /** @param {Film} film */
  #on(film) {
    const { part, title, duration, started_at } = film;
    const { position, wait } = filmAt(film, now());
    const state = started_at === null ? t("film.desk.paused") : wait > 0 ? t("film.desk.begins") : "";
    return html`<div class="film-desk__film" data-on>
      <b>${title}</b>
      <progress class="film-desk__bar" max=${duration} .value=${position} aria-label=${title}></progress>
      <span class="film-desk__time">${span(position)} / ${span(duration)}${state ? ` · ${state}` : ""}</span>
      <div class="row">
        ${button("clock", started_at === null ? "film.desk.play" : "film.desk.pause", "primary", title, () => room.ask("film.pause", { part, paused: started_at !== null }))}
        ${button("again", "film.desk.rewind", "secondary", title, () => room.ask("film.seek", { part, position: 0 }))}
        ${button("close", "film.desk.stop", "secondary", title, () => room.ask("film.stop", { part }))}
      </div>
    </div>`;
  }
}

/**
 * @param {string} symbol
 * @param {string} text
 * @param {string} rank
 * @param {string} title
 * @param {() => Promise<unknown>} press
 * @param {boolean} [off]
 */
function button(symbol, text, rank, title, press, off = false) {
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" aria-label="${t(text)}: ${title}" ?disabled=${off} @click=${() => attempt(press)}>
    ${icon(symbol)}<span class="kern-label">${t(text)}</span>
  </button>`;
}

customElements.define("conf-film-desk", FilmDesk);
