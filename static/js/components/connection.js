/** Whether this page is really connected; a press tells how, and in figures for the help desk. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { live } from "/static/vendor/lit-html/directives/live.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { language, t } from "../i18n.js";
import { lines } from "../line.js";
import { browserName, health, report } from "../report.js";
import { room } from "../room.js";
import { CHOICES, save, saves, saving } from "../saving.js";

/** @import {Row} from "../report.js" */

const REFRESH = 1_000;
const COPIED_FOR = 4_000;

export class ConnectionBadge extends Live {
  #told = "";
  #timer = 0;
  #copied = 0;
  /** What the dialog said last: it stays in the page, for icons cannot be fetched when the network is away. */
  #said = this.#now();
  #changed = () => this.update();

  connectedCallback() {
    super.connectedCallback();
    lines.addEventListener("change", this.#changed);
    saves.addEventListener("change", this.#changed);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    lines.removeEventListener("change", this.#changed);
    saves.removeEventListener("change", this.#changed);
    this.#closed();
  }

  view() {
    const { state, text } = this.#badge();
    if (this.#told && this.#told !== text) announce("connection", text);
    this.#told = text;
    return html`<button class="connection" type="button" data-state=${state} aria-haspopup="dialog" @click=${() => this.#open()}>
        <span class="dot"></span>${text}<span class="kern-sr-only">. ${t("report.open")}</span>
      </button>
      <dialog class="kern-dialog report" aria-labelledby="report-title" @close=${() => this.#closed()}>
        ${this.#report()}
      </dialog>`;
  }

  /** The page's own connection; if that is well, a line of its media that is not. */
  #badge() {
    if (room.revoked) return { state: room.connection, text: t("connection.revoked") };
    const broken = room.connection === "live" && [...lines.all].some(({ state }) => state === "lost");
    const state = broken ? "reconnecting" : room.connection;
    return { state, text: t(broken ? "connection.media" : `connection.${state}`) };
  }

  /** What the dialog says now. */
  #now() {
    const all = [...lines.all];
    const page = {
      live: room.connection === "live",
      roundTrip: room.roundTrip,
      blocked: all.some(({ blocked }) => blocked),
      browser: browserName(navigator.userAgent),
      saving: saving(),
    };
    return report(all.map(health), page, say);
  }

  #report() {
    if (this.#timer) this.#said = this.#now();
    const { grade, way, hint, rows, code } = this.#said;
    return html`<div class="kern-dialog__header report__head">
        <h2 class="kern-title" id="report-title">${t("report.title")}</h2>
        <button class="tool" type="button" @click=${() => this.#dialog?.close()}>
          ${icon("close")}<span class="kern-sr-only">${t("report.close")}</span>
        </button>
      </div>
      <section class="kern-dialog__body stack">
        <div class="report__verdict" data-grade=${grade}>
          ${icon("check")}${icon("warn")}
          <p><b>${t(`report.grade.${grade}`)}</b> <span class="report__way">${way}</span></p>
          <p class="report__hint">${hint}</p>
        </div>
        <dl class="report__rows">${rows.map(rowView)}</dl>
        ${this.#saving()}
        <div class="report__foot">
          <p class="small">${t("report.code")}<br /><code class="report__code">${code}</code></p>
          <button class="kern-btn kern-btn--secondary" type="button" @click=${() => attempt(() => this.#copy())}>
            ${icon("copy")}<span class="kern-label" aria-live="polite">${t(this.#copied ? "report.copied" : "report.copy")}</span>
          </button>
        </div>
      </section>`;
  }

  #saving() {
    return html`<fieldset class="saving">
      <legend class="kern-label">${t("saving.title")}</legend>
      ${CHOICES.map(
        (choice) =>
          html`<label class="saving__choice"
            ><input class="kern-form-check__radio" type="radio" name="saving" .checked=${live(saving() === choice)} @change=${() => save(choice)} /><span
              >${t(`saving.${choice}`)}<small>${t(`saving.${choice}.more`)}</small></span
            ></label
          >`,
      )}
    </fieldset>`;
  }

  get #dialog() {
    return /** @type {HTMLDialogElement | null} */ (this.querySelector("dialog"));
  }

  #open() {
    this.#timer = setInterval(() => this.update(), REFRESH);
    this.update();
    queueMicrotask(() => this.#dialog?.showModal());
  }

  #closed() {
    clearInterval(this.#timer);
    clearTimeout(this.#copied);
    [this.#timer, this.#copied] = [0, 0];
    this.update();
  }

  async #copy() {
    const { grade, way, hint, rows, code } = this.#now();
    const texts = rows.map(({ name, text }) => `${name}: ${text}`);
    const head = [`${t("report.title")}: ${t(`report.grade.${grade}`)}`, way, hint];
    await navigator.clipboard.writeText([...head, "", ...texts, "", `${t("report.code")} ${code}`].join("\n"));
    clearTimeout(this.#copied);
    this.#copied = setTimeout(() => {
      this.#copied = 0;
      this.update();
    }, COPIED_FOR);
    this.update();
  }
}

/** @param {Row} row */
function rowView({ name, text, grade }) {
  return html`<div class="report__row" data-grade=${grade ?? nothing}>
    <dt>${name}</dt>
    <dd>${text}${grade === "good" || grade === null ? nothing : html`<span class="kern-sr-only"> (${t(`report.grade.${grade}`)})</span>`}</dd>
  </div>`;
}

/**
 * A text with its numbers written as the language does.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
function say(key, values = {}) {
  const written = (/** @type {string | number} */ value) =>
    typeof value === "number" ? value.toLocaleString(language(), { useGrouping: false }) : value;
  return t(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, written(value)])));
}

customElements.define("conf-connection", ConnectionBadge);
