/** Putting a cue into the run of show, or changing one. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { attempt } from "../ask.js";
import { t } from "../i18n.js";
import { newKey } from "../key.js";
import { room } from "../room.js";

/** @import {Cue} from "../state/types.js" */

const KINDS = ["message", "pause.start", "screen:card", "screen:auto", "screen:camera", "screen:poll", "screen:turnout", "screen:question", "screen:board", "stage.programme", "part", "film", "poll.open", "poll.close", "poll.show", "session.start", "session.end"];

export class CueEditor {
  #kind = "message";
  /** @type {Cue | null} */
  #cue = null;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {Cue} cue */
  edit(cue) {
    this.#cue = cue;
    this.#changed();
    setTimeout(() => document.getElementById(cue.kind === "message" ? "cue-text" : "cue-minutes")?.focus());
  }

  close() {
    this.#cue = null;
  }

  /** @param {Cue[]} cues */
  view(cues) {
    const cue = this.#cue && cues.find(({ key, state }) => key === this.#cue?.key && state === "waiting");
    const kind = cue ? cue.kind : this.#kind;
    return html`<form class="stack cue-editor" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event, cue ?? null, cues)}>
      <h3>${t(cue ? "cue.edit" : "cue.new")}</h3>
      ${cue ? nothing : this.#kinds()} ${cue ? nothing : this.#targets(kind)}
      ${kind === "message"
        ? html`<label class="kern-label" for="cue-text">${t("cue.text")}</label
            ><input class="kern-form-input__input" id="cue-text" name="text" maxlength="300" required .value=${cue?.text ?? ""} />`
        : nothing}
      ${kind === "pause.start" || kind === "part"
        ? html`<label class="kern-label" for="cue-minutes">${t("cue.minutes")}</label
            ><input class="kern-form-input__input" id="cue-minutes" name="minutes" type="number" min="1" max="480" ?required=${kind === "pause.start"} .value=${String(cue?.minutes ?? "")} />`
        : nothing}
      <div class="row">
        <button class="kern-btn kern-btn--primary kern-btn--small"><span class="kern-label">${t(cue ? "editor.save" : "cue.add")}</span></button>
        ${cue
          ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => this.#cancel()}><span class="kern-label">${t("dialog.no")}</span></button>`
          : html`<span class="small soft">${t("cue.where")}</span>`}
      </div>
    </form>`;
  }

  #kinds() {
    const kinds = KINDS.filter((kind) => (kind === "part" || kind.startsWith("poll.") ? this.#choices(kind).length > 0 : room.item?.kind === "live" || !["pause.start", "stage.programme"].includes(kind)));
    return html`<label class="kern-label" for="cue-kind">${t("cue.kind")}</label>
      <div class="kern-form-input__select-wrapper">
        <select class="kern-form-input__select" id="cue-kind" @change=${(/** @type {Event} */ event) => this.#turn(event)}>
          ${kinds.map((kind) => html`<option value=${kind} ?selected=${kind === this.#kind}>${t(`cue.kind.${kind.replace(":", ".")}`)}</option>`)}
        </select>
      </div>`;
  }

  /** @param {string} kind */
  #targets(kind) {
    const choices = this.#choices(kind);
    if (choices.length === 0) return nothing;
    return html`<label class="kern-label" for="cue-target">${t("cue.target")}</label>
      <div class="kern-form-input__select-wrapper">
        <select class="kern-form-input__select" id="cue-target" name="target">
          ${choices.map(([key, title]) => html`<option value=${key}>${title}</option>`)}
        </select>
      </div>`;
  }

  /** @param {string} kind @returns {[string, string][]} */
  #choices(kind) {
    const parts = room.item?.parts ?? [];
    if (kind === "part" || kind === "film") return parts.filter(({ format }) => kind === "part" || format === "film").map(({ key, title }) => [key, title]);
    return kind.startsWith("poll.") ? room.state.polls.map(({ key, question }) => [key, question]) : [];
  }

  /** @param {Event} event */
  #turn(event) {
    this.#kind = /** @type {HTMLSelectElement} */ (event.target).value;
    this.#changed();
  }

  #cancel() {
    this.close();
    this.#changed();
  }

  /**
   * @param {SubmitEvent} event
   * @param {Cue | null} cue
   * @param {Cue[]} cues
   */
  async #submit(event, cue, cues) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const data = new FormData(form);
    const [text, number] = [String(data.get("text") ?? ""), Number(data.get("minutes") ?? 0)];
    const minutes = number > 0 ? number : null;
    const [kind, aim = ""] = this.#kind.split(":");
    const next = cues.find(({ state }) => state === "waiting")?.key ?? null;
    const made = { cue: newKey("own"), kind, of: room.state.session, target: String(data.get("target") ?? aim), text, minutes, before: next };
    const saved = await attempt(() => (cue ? room.ask("direction.edit", { cue: cue.key, text, minutes }) : room.ask("direction.add", made)).then(() => true));
    if (!saved) return;
    form.reset();
    this.#cancel();
  }
}
