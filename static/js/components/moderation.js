/** The moderator's console: run of show, what the audience sees, stage and backstage, polls, people. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { leadsOn } from "../state/index.js";
import { stateBadge } from "./agenda.js";
import "./board-desk.js";
import "./direction.js";
import "./film-desk.js";
import "./group-desk.js";
import "./pause-desk.js";
import "./people.js";
import "./poll-desk.js";
import "./question-desk.js";
import "./ratings.js";
import "./run-of-show.js";
import "./stage-desk.js";
import { preview } from "./preview.js";
import "./stage.js";

/** @import {AgendaItem} from "../state/types.js" */

export class Moderation extends Live {
  view() {
    const item = room.item;
    if (item === null) return nothing;
    const film = (room.state.film ?? null) !== null; // it is in the moderator's hand, before all else
    const seen = item.state === "live" || item.state === "backstage";
    return html`<div class="console">
      <div class="console__column console__run">${onward(item)}<conf-direction></conf-direction><conf-run-of-show></conf-run-of-show></div>
      <div class="console__column">
        <section class="sheet stack">
          <div class="row row--apart">
            <h1>${item.title}</h1>
            ${stateBadge(item)}
          </div>
          ${item.kind === "live"
            ? html`<h2>${t(item.state === "live" ? "console.audience" : item.state === "ended" ? "console.over" : "console.stage")}</h2>
                ${preview(seen)}`
            : html`<p class="soft">${t("console.nostage")}</p>`}
          <div class="row">
            <a class="kern-link" href=${address(`/s/${item.key}`)}>${icon("eye")}${t("console.page")}</a>
            <a class="kern-link" href=${address(`/venue/${item.key}`)}>${icon("screen")}${t("console.venue")}</a>
            ${item.kind === "live" && room.may("publish")
              ? html`<a class="kern-link" href=${address(`/s/${item.key}/backstage`)}>${icon("camera")}${t("console.backstage")}</a>`
              : nothing}
          </div>
        </section>
        ${film ? html`<conf-film-desk></conf-film-desk>` : nothing}
        ${item.kind === "breakouts" ? html`<conf-group-desk></conf-group-desk>` : nothing}
        ${item.kind === "live" ? nothing : html`<conf-pause-desk></conf-pause-desk>`}
        <conf-hand-desk></conf-hand-desk>
        ${item.kind === "live" ? html`<conf-board-desk></conf-board-desk>` : nothing}
        <conf-stage-desk></conf-stage-desk>
        ${film ? nothing : html`<conf-film-desk></conf-film-desk>`}
      </div>
      <div class="console__column">
        ${item.kind === "feedback" ? html`<conf-ratings></conf-ratings>` : html`<conf-poll-desk></conf-poll-desk>`}
        ${item.kind === "live" ? html`<conf-pause-desk></conf-pause-desk>` : nothing}
        <conf-question-desk></conf-question-desk>
        <conf-chat-desk></conf-chat-desk>
        <conf-people></conf-people>
      </div>
    </div>`;
  }
}

/** The day goes on elsewhere. @param {AgendaItem} here */
function onward(here) {
  const next = room.belongs;
  if (here.state !== "ended" || !next || !leadsOn(next, here)) return nothing;
  return html`<div class="sheet stack" role="status">
    <p><b>${t("console.onward", { title: next.title })}</b></p>
    <a class="kern-btn kern-btn--primary" href=${address(`/s/${next.key}/moderation`)}>${icon("arrow")}<span class="kern-label">${t("way.moderation")}</span></a>
  </div>`;
}

customElements.define("conf-moderation", Moderation);
