/** A pause as everybody sees it: figure, words, ring, what comes next; it runs on the server's clock. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { chime, setSound, soundOn } from "../chime.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { span } from "../figures.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { canSpeak, hush, setVoice, speak, voiceOn, watchVoices } from "../speech.js";
import { HANDOVER, pauseAt, whereNext } from "../state/index.js";
import { figure } from "./figure.js";

/** @import {Pause as Run, PausePlace, PauseStep} from "../state/types.js" */

const TICK = 200;
const MINUTE = 60_000;
const VARIANT = "pause variant";
const VARIANTS = ["sitting", "standing"];
const RADIUS = 46;
const AROUND = 2 * Math.PI * RADIUS;

/** Attribute `screen`: the hall's screen, without anything to press. */
export class Pause extends Live {
  #timer = 0;
  #step = "";
  #leaving = false;
  #unwatch = () => {};

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.update(), TICK);
    this.#unwatch = watchVoices(() => this.update());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#unwatch();
    hush();
  }

  view() {
    const pause = room.state.pause ?? null;
    if (pause === null) return nothing;
    const place = pauseAt(pause, now());
    const step = pause.steps[place.step];
    this.#follow(pause, place, step);
    const leaving = place.leftInAll <= HANDOVER;
    return html`<section class="pause" data-kern-theme="dark" data-step=${place.step} ?data-leaving=${leaving} aria-labelledby="pause-title">
      <header class="pause__head">
        <p class="pause__what">${icon(pause.kind === "active" ? "move" : "cup")}<span>${room.item?.title ?? ""}</span></p>
        ${this.#counts(pause, step)}
      </header>
      <div class="pause__body">
        <div class="pause__picture">${ring(pause, place)}<div class="pause__figure">${figure(step.figure, this.#variant(step))}</div></div>
        <div class="pause__words">
          ${this.#words(pause, place, step)} ${this.#screen ? nothing : this.#choice(step)} ${this.#next(pause, place)}
          ${leaving ? this.#handover(place) : nothing}
        </div>
      </div>
      ${this.#screen ? nothing : this.#foot()}
    </section>`;
  }

  get #screen() {
    return this.hasAttribute("screen");
  }

  /**
   * @param {Run} pause
   * @param {PausePlace} place
   * @param {PauseStep} step
   */
  #words(pause, place, step) {
    const exercises = pause.steps.filter(({ figure: name }) => name !== "rest").length;
    const count = step.figure !== "rest" && exercises > 1 ? t("pause.step", { n: place.step + 1, of: exercises }) : "";
    const until = endOf(place);
    return html`${count ? html`<p class="pause__count">${count}</p>` : nothing}
      <h1 class="pause__title" id="pause-title">${title(pause, step)}</h1>
      <p class="pause__left" role="timer">${span(Math.ceil(place.left / 1000) * 1000)}</p>
      ${step.figure === "rest"
        ? html`<p class="pause__text pause__text--rest">${t("pause.rest.more", { time: time(until) })}</p>${this.#back(pause)}`
        : this.#texts(step)}`;
  }

  /** @param {PauseStep} step */
  #texts(step) {
    const given = VARIANTS.filter((variant) => step.texts[variant]);
    const same = new Set(given.map((variant) => step.texts[variant])).size === 1;
    if (!this.#screen || same) return html`<p class="pause__text">${textOf(step, this.#variant(step))}</p>`;
    return html`<dl class="pause__variants">
      ${given.map((variant) => html`<div><dt>${t(`pause.${variant}`)}</dt><dd>${step.texts[variant]}</dd></div>`)}
    </dl>`;
  }

  /** Sitting or standing: everybody as he likes; nobody else hears of it. @param {PauseStep} step */
  #choice(step) {
    const given = VARIANTS.filter((variant) => step.texts[variant]);
    if (given.length < 2) return nothing;
    return html`<fieldset class="switch">
      <legend class="kern-sr-only">${t("pause.variant")}</legend>
      ${given.map(
        (variant) => html`<label class="switch__choice">
          <input type="radio" name="variant" .checked=${variant === this.#variant(step)} @change=${() => this.#choose(variant)} />
          <span>${t(`pause.${variant}`)}</span>
        </label>`,
      )}
    </fieldset>`;
  }

  /** @param {Run} pause */
  #back(pause) {
    if (this.#screen || !room.may("join")) return nothing;
    const { back } = pause.mine;
    return html`<button
      class="kern-btn kern-btn--large ${back ? "kern-btn--secondary" : "kern-btn--primary"}"
      type="button"
      aria-pressed=${back ? "true" : "false"}
      @click=${() => attempt(() => room.ask("pause.back", { run: pause.run, back: !back }))}
    >
      ${icon(back ? "check" : "cup")}<span class="kern-label">${t(back ? "pause.back.done" : "pause.back")}</span>
    </button>`;
  }

  /**
   * @param {Run} pause
   * @param {PauseStep} step
   */
  #counts(pause, step) {
    const presence = room.state.signals.presence;
    const here = (presence?.online ?? 0) + (presence?.hall ?? 0);
    const back = room.state.signals.pause;
    const rest = step.figure === "rest" && back?.run === pause.run && back.back > 0;
    return html`${rest ? html`<p class="pause__many">${icon("check")}<span>${t("pause.returned", { n: back.back, of: Math.max(here, back.back) })}</span></p>` : nothing}
      ${here > 0 && pause.kind === "active" && !rest ? html`<p class="pause__many">${icon("people")}<span>${t("pause.many", { n: here })}</span></p>` : nothing}`;
  }

  /**
   * @param {Run} pause
   * @param {PausePlace} place
   */
  #next(pause, { next }) {
    if (next === null) return nothing;
    const step = pause.steps[next];
    return html`<p class="pause__next">
      <span class="pause__small">${figure(step.figure, this.#variant(step))}</span>
      <span><small>${t("pause.next")}</small><b>${title(pause, step)}</b></span>
    </p>`;
  }

  /** @param {PausePlace} place */
  #handover({ leftInAll }) {
    const next = whereNext(room.state);
    const seconds = Math.ceil(leftInAll / 1000);
    return html`<p class="pause__handover">
      <b>${t(seconds > 0 ? "pause.handover" : "pause.on", { seconds })}</b>
      ${next ? html`<span>${t("pause.handover.more", { title: next.title })}</span>` : nothing}
    </p>`;
  }

  #foot() {
    const speaks = canSpeak();
    return html`<footer class="pause__foot">
      <div class="row">
        ${toggle("sound", "pause.sound", soundOn(), true, () => setSound(!soundOn()), this)}
        ${toggle("speak", "pause.voice", speaks && voiceOn(), speaks, () => this.#speakUp(), this)}
        ${room.joined && room.item?.kind !== "live"
          ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" ?disabled=${this.#leaving} @click=${() => this.#leave()}>
              ${icon("leave")}<span class="kern-label">${t("session.leave")}</span>
            </button>`
          : nothing}
      </div>
      <p class="pause__quiet">${icon("camera-off")}<span>${t("pause.quiet")}</span>${speaks ? nothing : html` <span>${t("pause.voice.none")}</span>`}</p>
    </footer>`;
  }

  async #leave() {
    this.#leaving = true;
    await attempt(() => room.leave());
    this.#leaving = false;
  }

  #speakUp() {
    setVoice(!voiceOn());
    const pause = room.state.pause;
    if (pause && voiceOn()) this.#say(pause, pauseAt(pause, now()));
  }

  /**
   * What changes is heard once: a sound, a voice on wish, and a word for screen readers.
   *
   * @param {Run} pause
   * @param {PausePlace} place
   * @param {PauseStep} step
   */
  #follow(pause, place, step) {
    const phase = place.leftInAll === 0 ? "over" : place.leftInAll <= HANDOVER ? "leaving" : "";
    const at = `${pause.run} ${place.step} ${phase}`;
    if (at === this.#step) return;
    const first = this.#step === "";
    const [, before] = this.#step.split(" ");
    this.#step = at;
    if (!first) chime(phase ? 1.26 : 1);
    if (phase && !first && before === String(place.step)) {
      const next = whereNext(room.state);
      const more = next ? ` ${t("pause.handover.more", { title: next.title })}` : "";
      const text = phase === "over" ? t("pause.on") : t("pause.handover", { seconds: Math.ceil(place.leftInAll / 1000) }) + more;
      announce("pause", text);
      if (!this.#screen) speak(text);
    } else {
      announce("pause", `${title(pause, step)}. ${textOf(step, this.#variant(step))}`);
      if (!this.#screen) this.#say(pause, place);
    }
  }

  /**
   * @param {Run} pause
   * @param {PausePlace} place
   */
  #say(pause, place) {
    const step = pause.steps[place.step];
    speak(`${title(pause, step)}. ${textOf(step, this.#variant(step))}`);
  }

  /** @param {PauseStep} step */
  #variant(step) {
    const chosen = localStorage.getItem(VARIANT) ?? (this.#screen ? "standing" : "sitting");
    const given = VARIANTS.filter((variant) => step.texts[variant]);
    return given.length === 0 || given.includes(chosen) ? chosen : given[0];
  }

  /** @param {string} variant */
  #choose(variant) {
    localStorage.setItem(VARIANT, variant);
    this.update();
    const pause = room.state.pause;
    if (pause) this.#say(pause, pauseAt(pause, now()));
  }
}

/** When a pause is over, to the nearest minute. @param {PausePlace} place */
export function endOf({ leftInAll }) {
  return new Date(Math.round((now() + leftInAll) / MINUTE) * MINUTE).toISOString();
}

/**
 * @param {Run} pause
 * @param {PauseStep} step
 */
export function title({ kind }, step) {
  return step.figure === "rest" ? t(kind === "active" ? "pause.rest" : "kind.break") : step.title;
}

/**
 * @param {PauseStep} step
 * @param {string} variant
 */
function textOf(step, variant) {
  return step.texts[variant] ?? Object.values(step.texts)[0] ?? "";
}

/**
 * How much of the step is left, once around the figure.
 *
 * @param {Run} pause
 * @param {PausePlace} place
 */
function ring({ steps, shifts }, { step, left }) {
  const share = left / Math.max(1, steps[step].seconds * 1000 + shifts[step]);
  return html`<svg class="ring" viewBox="0 0 100 100" aria-hidden="true">
    <circle class="ring__way" cx="50" cy="50" r=${RADIUS}></circle>
    <circle class="ring__left" cx="50" cy="50" r=${RADIUS} stroke-dasharray=${AROUND} stroke-dashoffset=${AROUND * (1 - share)}></circle>
  </svg>`;
}

/**
 * @param {string} symbol
 * @param {string} text
 * @param {boolean} on
 * @param {boolean} can
 * @param {() => void} press
 * @param {Live} owner
 */
function toggle(symbol, text, on, can, press, owner) {
  return html`<button
    class="kern-btn kern-btn--small kern-btn--secondary toggle"
    type="button"
    aria-pressed=${on ? "true" : "false"}
    ?disabled=${!can}
    @click=${() => {
      press();
      owner.update();
    }}
  >
    ${icon(symbol)}<span class="kern-label">${t(text)}: ${t(on ? "pause.on.short" : "pause.off.short")}</span>
  </button>`;
}

customElements.define("conf-pause", Pause);
