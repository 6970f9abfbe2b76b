/** A film on stage: in step with all other pages by the server's clock, with the sound that this page may make. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { announce } from "../announce.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { saves, saving } from "../saving.js";
import { filmAt } from "../state/index.js";

/** @import {Film} from "../state/types.js" */

const TICK = 200;
/** Off by more than this, a film jumps; by less, it runs a little faster or slower. In seconds. */
const JUMP = 1;
const FINE = 0.02;
/** Nobody hears so much of a difference in speed. */
const FASTER = 0.08;
/** Standing, it need not be more exact than a picture or two. */
const STILL = 0.06;
const BETWEEN_JUMPS = 1_500;
const LONGEST_LAG = 4;
const RETRY = 3_000;
const KEY = "film subtitles";

/** Attribute `silent`: no sound. Property `playing`: called with whether the film runs, for others to be quiet. */
export class FilmPicture extends Live {
  /** @type {(playing: boolean) => void} */
  playing = () => {};
  #video = document.createElement("video");
  #key = "";
  #timer = 0;
  #soon = 0;
  /** What waits for a press: the sound, or all of it. @type {"sound" | "all" | null} */
  #blocked = null;
  #wanted = false;
  #failures = 0;
  /** Whether there is a picture of it. */
  #seen = false;
  /** How long this page needs to jump, in seconds: it aims ahead by that. */
  #lag = 0;
  #jumpedAt = -Infinity;
  #jumped = false;
  #runs = false;
  #saves = () => this.update();
  #unlock = () => this.unlock();

  constructor() {
    super();
    this.#video.playsInline = true;
    this.#video.preload = "auto";
    this.#video.disablePictureInPicture = true;
    this.#video.tabIndex = -1;
    this.#video.addEventListener("loadedmetadata", () => this.#tick());
    this.#video.addEventListener("error", () => this.#fail());
    this.#video.addEventListener("loadeddata", () => {
      [this.#failures, this.#seen] = [0, true];
      this.update();
    });
  }

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#tick(), TICK);
    saves.addEventListener("change", this.#saves);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    saves.removeEventListener("change", this.#saves);
    this.#wait(null);
    this.#load(null);
    this.#say(false);
  }

  /** Where the film is here and where it should be, in seconds, for tests. */
  get place() {
    const film = room.state.film ?? null;
    return { here: this.#video.currentTime, wanted: film ? filmAt(film, now()).position / 1000 : null, muted: this.#video.muted };
  }

  view() {
    const film = room.state.film ?? null;
    if (film === null) return nothing;
    const spares = saving() === "sound" && !this.#wanted;
    this.#load(spares ? null : film);
    const { wait } = filmAt(film, now());
    const title = (wait > 0 && film.position === 0) || spares || !this.#seen;
    return html`<figure class="film" aria-label=${t("film.announce", { title: film.title })} ?data-title=${title}>
      ${this.#video}
      ${title ? html`<div class="film__title"><p class="eyebrow">${t("film.title")}</p><h2>${film.title}</h2>${this.#state(film, spares)}</div>` : nothing}
      ${this.#blocked === null || spares
        ? nothing
        : html`<button class="stage__unlock kern-btn kern-btn--primary" type="button" @click=${() => this.unlock()}>
            ${icon("sound")}<span class="kern-label">${t(this.#blocked === "all" ? "film.play" : "film.sound")}</span>
          </button>`}
      ${film.started_at === null && !title ? html`<p class="film__note">${t("film.paused")}</p>` : nothing}
      ${film.subtitles && !spares ? this.#subtitles() : nothing}
    </figure>`;
  }

  /**
   * @param {Film} film
   * @param {boolean} spares
   */
  #state(film, spares) {
    if (spares) {
      return html`<p>${t("film.saving")}</p>
        <button class="kern-btn kern-btn--primary" type="button" @click=${() => this.#want()}>
          ${icon("download")}<span class="kern-label">${t("film.load")}</span>
        </button>`;
    }
    if (this.#failures > 1) return html`<p>${t("film.failed")}</p>`;
    return html`<p>${t(film.started_at === null ? "film.paused" : "film.begins")}</p>`;
  }

  #subtitles() {
    const on = subtitlesOn();
    return html`<button class="film__subtitles" type="button" aria-pressed=${on} @click=${() => this.#turn(!on)}>${t("film.subtitles")}</button>`;
  }

  /** A press allows sound. */
  unlock() {
    if (this.#blocked === null) return;
    this.#wait(null);
    this.#video.muted = this.hasAttribute("silent");
    this.#tick();
    this.update();
  }

  #want() {
    this.#wanted = true;
    this.update();
  }

  /** @param {boolean} on */
  #turn(on) {
    localStorage.setItem(KEY, on ? "on" : "off");
    for (const track of this.#video.textTracks) track.mode = on ? "showing" : "disabled";
    this.update();
  }

  /** @param {Film | null} film */
  #load(film) {
    if ((film?.key ?? "") === this.#key) return;
    this.#key = film?.key ?? "";
    [this.#failures, this.#lag, this.#jumped, this.#seen] = [0, 0, false, false];
    this.#video.replaceChildren();
    if (film === null) {
      this.#video.removeAttribute("src");
      this.#video.load();
      return;
    }
    this.#video.muted = this.hasAttribute("silent");
    this.#video.src = address(`/film/${film.key}`);
    if (film.subtitles) this.#video.append(track(film));
    announce("film", t("film.announce", { title: film.title }));
  }

  #tick() {
    const film = room.state.film ?? null;
    if (film === null || this.#key === "") return this.#say(false);
    const { position, wait, playing } = filmAt(film, now());
    this.#say(playing && position < film.duration);
    if (wait > 0 && wait <= 2 * TICK) {
      clearTimeout(this.#soon);
      this.#soon = setTimeout(() => this.#tick(), wait);
    }
    if (this.#video.readyState < HTMLMediaElement.HAVE_METADATA || this.#video.seeking) return;
    if (playing) this.#follow(position / 1000, film.duration / 1000);
    else this.#stand(position / 1000);
  }

  /** @param {number} at seconds */
  #stand(at) {
    if (!this.#video.paused) this.#video.pause();
    if (Math.abs(this.#video.currentTime - at) > STILL) this.#video.currentTime = at;
  }

  /**
   * @param {number} at seconds
   * @param {number} end seconds
   */
  #follow(at, end) {
    if (at >= end || this.#video.ended) return;
    if (this.#video.paused && this.#blocked !== "all") void this.#play();
    const off = at - this.#video.currentTime;
    if (this.#jumped && this.#video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) {
      this.#jumped = false;
      this.#lag = Math.min(Math.max(this.#lag + off, 0), LONGEST_LAG);
    }
    if (Math.abs(off) <= JUMP) {
      this.#video.playbackRate = Math.abs(off) < FINE ? 1 : 1 + Math.min(Math.max(off / 2, -FASTER), FASTER);
    } else if (performance.now() - this.#jumpedAt >= BETWEEN_JUMPS) {
      this.#video.currentTime = Math.min(at + this.#lag, end);
      this.#video.playbackRate = 1;
      [this.#jumped, this.#jumpedAt] = [true, performance.now()];
    }
  }

  /** Browsers may want a press before there is sound: then the picture runs without it. */
  async #play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "NotAllowedError") return;
      this.#wait(this.#video.muted ? "all" : "sound");
      this.#video.muted = true;
      this.update();
    }
  }

  /** @param {"sound" | "all" | null} what */
  #wait(what) {
    this.#blocked = what;
    for (const press of ["pointerup", "keyup"]) {
      if (what === null) removeEventListener(press, this.#unlock);
      else addEventListener(press, this.#unlock);
    }
  }

  /** The line or the server may be away for a moment: again and again. */
  #fail() {
    if (this.#key === "") return;
    this.#failures += 1;
    const key = this.#key;
    setTimeout(() => {
      if (this.#key === key && this.#video.error) this.#video.load();
    }, RETRY);
    this.update();
  }

  /** @param {boolean} runs */
  #say(runs) {
    if (runs === this.#runs) return;
    this.#runs = runs;
    this.playing(runs);
    this.update();
  }
}

/** Subtitles are shown unless somebody turned them off in this browser. */
const subtitlesOn = () => localStorage.getItem(KEY) !== "off";

/** @param {Film} film */
function track({ key }) {
  const found = document.createElement("track");
  found.kind = "subtitles";
  found.srclang = room.state.conference.language;
  found.label = t("film.subtitles");
  found.src = address(`/film/${key}/subtitles`);
  found.default = subtitlesOn();
  return found;
}

customElements.define("conf-film", FilmPicture);
