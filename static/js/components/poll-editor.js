/** Writing a poll: the question, how it is answered, what is asked of the answer. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { draftOf } from "../draft.js";
import { t } from "../i18n.js";

/** @import {Poll, PollKind} from "../state/types.js" */

/** @type {PollKind[]} */
const KINDS = ["single", "multiple", "scale", "words"];

export class PollEditor {
  /** @type {PollKind} */
  kind = "single";
  open = false;
  /** @type {Poll | null} */
  poll = null;

  #changed;
  #save;

  /**
   * @param {() => void} changed
   * @param {(draft: object, poll: Poll | null) => Promise<boolean>} save
   */
  constructor(changed, save) {
    this.#changed = changed;
    this.#save = save;
  }

  /** @param {Poll | null} poll a draft, or null for a new one */
  edit(poll) {
    this.poll = poll;
    this.kind = poll?.kind ?? "single";
    this.open = true;
    this.#changed();
    setTimeout(() => document.getElementById("editor-question")?.focus());
  }

  close() {
    this.open = false;
    this.#changed();
  }

  view() {
    if (!this.open) return nothing;
    const { poll } = this;
    return html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event)}>
      <h3>${t(poll ? "editor.edit" : "editor.new")}</h3>
      ${field("editor.question", html`<textarea class="kern-form-input__input question" id="editor-question" name="question" rows="2" maxlength="500" required .value=${poll?.question ?? ""}></textarea>`, "editor-question")}
      ${field(
        "editor.kind",
        html`<div class="kern-form-input__select-wrapper">
          <select class="kern-form-input__select" id="editor-kind" name="kind" @change=${(/** @type {Event} */ event) => this.#turn(event)}>
            ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${t(`poll.kind.${kind}`)}</option>`)}
          </select>
        </div>`,
        "editor-kind",
      )}
      ${this.#answers()}
      <label class="choice"><input type="checkbox" name="anonymous" ?checked=${poll?.anonymous ?? false} />${t("editor.anonymous")}</label>
      <label class="choice"><input type="checkbox" name="revisable" ?checked=${poll?.revisable ?? false} />${t("editor.revisable")}</label>
      <div class="row">
        <button class="kern-btn kern-btn--primary kern-btn--small"><span class="kern-label">${t("editor.save")}</span></button>
        <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => this.close()}>
          <span class="kern-label">${t("dialog.no")}</span>
        </button>
      </div>
    </form>`;
  }

  #answers() {
    const { poll, kind } = this;
    if (kind === "words") return nothing;
    if (kind === "scale") {
      return html`<div class="row">
        ${field("editor.from", html`<input class="kern-form-input__input" id="editor-from" name="from" type="number" min="0" max="10" required .value=${String(poll?.scale_from ?? 1)} />`, "editor-from")}
        ${field("editor.to", html`<input class="kern-form-input__input" id="editor-to" name="to" type="number" min="1" max="11" required .value=${String(poll?.scale_to ?? 5)} />`, "editor-to")}
      </div>`;
    }
    return html`${field("editor.options", html`<textarea class="kern-form-input__input options" id="editor-options" name="options" rows="5" required .value=${(poll?.options ?? []).join("\n")}></textarea>`, "editor-options")}
    ${kind === "multiple"
      ? field("editor.most", html`<input class="kern-form-input__input" id="editor-most" name="most" type="number" min="1" max="20" .value=${String(poll?.max_choices ?? "")} />`, "editor-most")
      : nothing}`;
  }

  /** @param {Event} event */
  #turn(event) {
    this.kind = /** @type {PollKind} */ (/** @type {HTMLSelectElement} */ (event.target).value);
    this.#changed();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    if (await this.#save(draftOf(this.kind, form), this.poll)) this.close();
  }
}

/**
 * @param {string} label
 * @param {unknown} control
 * @param {string} id
 */
function field(label, control, id) {
  return html`<div class="kern-form-input"><label class="kern-label" for=${id}>${t(label)}</label>${control}</div>`;
}
