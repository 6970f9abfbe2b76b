/** Polls for the audience: the one that asks now, and all of the session. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { currentPoll } from "../state/index.js";
import { Ballot } from "./ballot.js";
import { tallyView } from "./tally.js";

/** @import {Poll} from "../state/types.js" */

/** What the person put aside. */
let hidden = "";

/** @param {Poll} poll */
const nameOf = ({ key, run, state }) => `${key} ${run} ${state}`;

function pollNow() {
  const poll = currentPoll(room.state.polls);
  return poll === null || nameOf(poll) === hidden ? null : poll;
}

/** @param {Poll} poll */
function hide(poll) {
  hidden = nameOf(poll);
  room.dispatchEvent(new Event("change"));
}

/** The open poll, or the result that is shown: it comes to the person. */
export class PollNow extends Live {
  #ballot = new Ballot(() => this.update());

  view() {
    const poll = pollNow();
    if (poll === null) return nothing;
    return html`<section class="poll-now" aria-label=${t("poll.now")}>
      <p class="row row--apart">
        <span class="eyebrow">${t(poll.state === "open" ? "poll.open" : "poll.published")}</span>
        ${poll.state === "published" || poll.mine?.voted
          ? html`<button class="tool" type="button" @click=${() => hide(poll)}>
              ${icon("close")}<span class="kern-sr-only">${t("poll.dismiss")}</span>
            </button>`
          : nothing}
      </p>
      ${poll.state === "open" ? this.#ballot.view(poll) : published(poll)}
    </section>`;
  }
}

/** Every poll the audience may know of, but for the one that stands beside it. */
export class Polls extends Live {
  /** @type {Map<string, Ballot>} */
  #ballots = new Map();

  view() {
    const now = pollNow();
    const polls = room.state.polls.filter((poll) => poll.state !== "draft" && poll.key !== now?.key);
    if (polls.length === 0) return html`<p class="empty">${t("poll.none")}</p>`;
    return html`<ul class="stack stack--wide">
      ${repeat(
        polls,
        ({ key }) => key,
        (poll) => html`<li>${this.#poll(poll)}</li>`,
      )}
    </ul>`;
  }

  /** @param {Poll} poll */
  #poll(poll) {
    if (poll.state === "open") return html`<p><span class="badge">${t("poll.open")}</span></p>${this.#ballot(poll).view(poll)}`;
    if (poll.state === "published" && poll.result) return published(poll);
    return html`<div class="poll">
      <p class="poll__question">${poll.question}</p>
      <p class="soft">${t(poll.mine?.voted ? "poll.closed.voted" : "poll.closed")}</p>
    </div>`;
  }

  /** @param {Poll} poll */
  #ballot({ key }) {
    const ballot = this.#ballots.get(key) ?? new Ballot(() => this.update());
    this.#ballots.set(key, ballot);
    return ballot;
  }
}

/** @param {Poll} poll */
function published(poll) {
  return html`<div class="poll">
    <p class="poll__question">${poll.question}</p>
    ${poll.result ? tallyView(poll, poll.result) : nothing}
  </div>`;
}

customElements.define("conf-poll-now", PollNow);
customElements.define("conf-polls", Polls);
