/** The moderator's polls: write, open, watch the votes come in, close, show, hide, run again. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { attempt, confirmed } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { PollEditor } from "./poll-editor.js";
import { tallyView } from "./tally.js";

/** @import {Poll} from "../state/types.js" */

const BADGES = { draft: "badge--quiet", open: "badge--live", closed: "badge--warn", published: "badge--good" };

export class PollDesk extends Live {
  #editor = new PollEditor(
    () => this.update(),
    (draft, poll) => this.#save(draft, poll),
  );

  view() {
    const { polls } = room.state;
    return html`<section class="sheet stack">
      <div class="row row--apart">
        <h2>${t("polls.title")}</h2>
        <button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => this.#editor.edit(null)}>
          ${icon("plus")}<span class="kern-label">${t("polls.new")}</span>
        </button>
      </div>
      ${this.#editor.view()} ${polls.length === 0 && !this.#editor.open ? html`<p class="empty">${t("polls.empty")}</p>` : nothing}
      <ul class="list">
        ${repeat(
          polls,
          ({ key }) => key,
          (poll) => html`<li data-poll=${poll.key} data-state=${poll.state}>${this.#poll(poll)}</li>`,
        )}
      </ul>
    </section>`;
  }

  /** @param {Poll} poll */
  #poll(poll) {
    const tally = poll.state === "open" ? room.state.signals.tallies?.[poll.key] : poll.result;
    return html`<p class="row">
        <span class="badge ${BADGES[poll.state]}">${poll.state === "open" ? html`<span class="dot"></span>` : nothing}${t(`poll.state.${poll.state}`)}</span>
        <span class="small soft">${t(`poll.kind.${poll.kind}`)}${poll.anonymous ? ` · ${t("polls.anonymous")}` : ""}${poll.run > 1 ? ` · ${t("polls.run", { n: poll.run })}` : ""}</span>
      </p>
      <p class="person__name">${poll.question}</p>
      ${tally ? tallyView(poll, tally) : nothing}
      <div class="row">${this.#buttons(poll)}</div>`;
  }

  /** @param {Poll} poll */
  #buttons(poll) {
    const press = (/** @type {string} */ name, rank = "secondary") => button(`polls.${name}`, rank, poll, () => this.#send(name, poll));
    const over = room.item?.state === "ended";
    if (poll.state === "open") return press("close", "primary");
    if (poll.state === "published") return html`${press("hide", "primary")} ${over ? nothing : this.#again(poll)}`;
    if (poll.state === "closed") return html`${press("publish", "primary")} ${over ? nothing : this.#again(poll)}`;
    return html`${over ? nothing : press("open", "primary")} ${button("polls.edit", "tertiary", poll, () => this.#editor.edit(poll))}
    ${button("polls.discard", "tertiary", poll, () => this.#discard(poll))}`;
  }

  /** @param {Poll} poll */
  #again(poll) {
    return button("polls.again", "tertiary", poll, async () => {
      if (await confirmed({ title: poll.question, text: t("polls.again.ask"), yes: t("polls.again") })) this.#send("open", poll);
    });
  }

  /** @param {Poll} poll */
  async #discard(poll) {
    const sure = await confirmed({ title: poll.question, text: t("polls.discard.ask"), yes: t("polls.discard") });
    if (sure) await this.#send("discard", poll);
  }

  /**
   * @param {string} name
   * @param {Poll} poll
   */
  async #send(name, { key }) {
    await attempt(() => room.ask(`poll.${name}`, { poll: key }));
  }

  /**
   * @param {object} draft
   * @param {Poll | null} poll
   */
  async #save(draft, poll) {
    const sent = poll ? () => room.ask("poll.edit", { ...draft, poll: poll.key }) : () => room.ask("poll.create", draft);
    return (await attempt(() => sent().then(() => true))) ?? false;
  }
}

/**
 * @param {string} text
 * @param {string} rank
 * @param {Poll} poll
 * @param {() => unknown} press
 */
function button(text, rank, { question }, press) {
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" aria-label="${t(text)}: ${question}" @click=${press}>
    <span class="kern-label">${t(text)}</span>
  </button>`;
}

customElements.define("conf-poll-desk", PollDesk);
