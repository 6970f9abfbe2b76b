/** What people answered: bars, columns, words. */

import { html, nothing, svg } from "/static/vendor/lit-html/lit-html.js";

import { percent } from "../figures.js";
import { decimal } from "../format.js";
import { t } from "../i18n.js";

/** @import {Poll, Result, Tally} from "../state/types.js" */

const WORDS_SHOWN = 40;

/**
 * @param {Poll} poll
 * @param {Result | Tally} tally
 */
export function tallyView(poll, tally) {
  return html`<div class="tally">
    ${poll.kind === "words" ? wordCloud(tally.words ?? []) : poll.kind === "scale" ? scale(poll, tally) : bars(poll, tally)}
    <p class="tally__foot">${turnout(tally)}</p>
  </div>`;
}

/** @param {Result | Tally} tally */
export function turnout({ voted, present, eligible }) {
  return t("tally.turnout", { voted, present: Math.max(present, voted), eligible });
}

/** @param {number} share 0 … 100 */
export function bar(share) {
  return html`<svg class="bar" aria-hidden="true" preserveAspectRatio="none">${svg`<rect width="${share}%" height="100%"/>`}</svg>`;
}

/**
 * @param {Poll} poll
 * @param {Result | Tally} tally
 */
function bars({ options, mine }, { counts, voted }) {
  return options.map((option, index) => {
    const n = counts?.[index] ?? 0;
    const chosen = Array.isArray(mine?.choice) ? mine.choice.includes(index) : mine?.choice === index;
    return html`<div class="tally__row" ?data-mine=${chosen}>
      <span class="tally__label">${option}${chosen ? html` <span class="badge">${t("tally.mine")}</span>` : nothing}</span>
      <span class="tally__figure">${percent(n, voted)} % <small>(${n})</small></span>
      ${bar(percent(n, voted))}
    </div>`;
  });
}

/**
 * @param {Poll} poll
 * @param {Result | Tally} tally
 */
function scale({ scale_from, scale_to }, { counts, mean }) {
  return html`${mean === null || mean === undefined
      ? nothing
      : html`<p class="mean"><span class="mean__figure">${decimal(mean)}</span><span class="soft">${t("tally.mean", { to: scale_to ?? 0 })}</span></p>`}
    ${columns(counts ?? [], scale_from ?? 1)}`;
}

/**
 * Columns of a distribution, the first standing for `from`.
 *
 * @param {number[]} counts
 * @param {number} from
 */
export function columns(counts, from) {
  const most = Math.max(1, ...counts);
  return html`<ul class="columns-chart">
    ${counts.map((n, index) => {
      const height = (100 * n) / most;
      return html`<li class="columns-chart__column">
        <span aria-hidden="true">${n}</span>
        <svg aria-hidden="true" preserveAspectRatio="none">${svg`<rect width="100%" height="${height}%" y="${100 - height}%"/>`}</svg>
        <span><b>${from + index}</b><span class="kern-sr-only">${t("tally.times", { n })}</span></span>
      </li>`;
    })}
  </ul>`;
}

/** @param {[string, number][]} words */
export function wordCloud(words) {
  if (words.length === 0) return html`<p class="soft">${t("tally.nowords")}</p>`;
  const most = words[0][1];
  const shown = words.slice(0, WORDS_SHOWN).sort(([one], [other]) => one.localeCompare(other));
  return html`<ul class="words">
    ${shown.map(([word, n]) => html`<li data-weight=${weight(n, most)}>${word}<span class="kern-sr-only"> (${n})</span></li>`)}
  </ul>
  ${words.length > shown.length ? html`<p class="small soft">${t("tally.more", { n: words.length - shown.length })}</p>` : nothing}`;
}

/**
 * @param {number} n
 * @param {number} most
 */
function weight(n, most) {
  return most === 1 ? 3 : 1 + Math.round((4 * (n - 1)) / (most - 1));
}
