/** The speaker's page: check the devices, go backstage, be on stage, share the screen, leave. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { announce } from "../announce.js";
import { attempt, confirmed, note } from "../ask.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { closeStream, openScreen, Publisher } from "../media.js";
import { room } from "../room.js";
import { Devices } from "./devices.js";
import "./going-on.js";
import { showOwn } from "./own.js";
import "./foldback.js";
import { preview } from "./preview.js";
import "./stage.js";
import "./time-left.js";

/** @import {Entry} from "../state/types.js" */

export class Backstage extends Live {
  #devices = new Devices(() => this.update());
  /** @type {Map<string, Publisher>} */
  #publishers = new Map();
  /** @type {MediaStream | null} */
  #screen = null;
  #busy = false;
  #wasOn = false;

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("restarted", (event) => {
      const lost = /** @type {CustomEvent} */ (event).detail ?? null;
      this.#publishers.forEach((publisher) => publisher.lost(lost));
    });
    room.addEventListener("taken", (event) => {
      for (const [source, publisher] of [...this.#publishers]) {
        if (publisher.taken(/** @type {CustomEvent} */ (event).detail)) this.#end(/** @type {"camera" | "screen"} */ (source));
      }
    });
    if (sessionStorage.getItem(this.#memory)) void this.#enter();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#end("camera");
    this.#devices.close();
  }

  /** The lines of this page's own feeds, for tests. */
  get lines() {
    return [...this.#publishers].map(([source, { state, attempts, repairs, id }]) => ({ source, state, attempts, repairs, id }));
  }

  view() {
    const item = room.item;
    if (item === null) return nothing;
    this.#follow();
    const mine = this.#entry("camera");
    return html`<div class="page">
      <header class="page__head">
        <p class="eyebrow">${t("backstage.title")}</p>
        <h1>${item.title}</h1>
        <p class="page__lead">${t("session.times", { from: time(item.starts), to: time(item.ends) })}</p>
      </header>
      <div class="backstage">
        <section class="stack">
          ${this.#banner(mine)} <conf-time-left></conf-time-left> ${this.#here ? this.#mirror() : html`<div class="devices">${this.#devices.view()}</div>`}
          ${mine && this.#here ? this.#controls(mine) : this.#door(mine)}
        </section>
        <section class="stack">
          <h2>${t(item.state === "live" ? "backstage.audience" : "backstage.stage")}</h2>
          ${preview(item.state === "live" || item.state === "backstage")}
          <conf-foldback .active=${this.#here && mine !== null}></conf-foldback>
        </section>
      </div>
    </div>`;
  }

  rendered() {
    this.#devices.play();
  }

  /** Whether this very page publishes. */
  get #here() {
    return this.#publishers.has("camera");
  }

  get #memory() {
    return `backstage ${room.state.session} ${room.me.id}`;
  }

  /**
   * My feed, on stage or behind it.
   *
   * @param {string} source
   */
  #entry(source) {
    const { slots = [], backstage = [] } = room.state.stage ?? {};
    return [...slots, ...backstage].find((entry) => entry?.person === room.me.id && entry.source === source) ?? null;
  }

  /** @param {string} source */
  #onStage(source) {
    return (room.state.stage?.slots ?? []).some((entry) => entry?.person === room.me.id && entry.source === source);
  }

  /** @param {Entry | null} mine */
  #banner(mine) {
    if (!mine) return nothing;
    const on = this.#onStage("camera");
    const live = on && room.item?.state === "live";
    if (room.state.pause) return html`<p class="on-air" role="status">${icon("cup")}${t("pause.backstage")}<small>${t("pause.backstage.more")}</small></p>`;
    if (mine.going_on_at && !on) return html`<conf-going-on></conf-going-on>`;
    const text = live ? "backstage.live" : on ? "backstage.ready" : "backstage.waiting";
    return html`<div class="on-air" ?data-on=${live} role="status">
      <span class="dot"></span>${t(text)}<small>${t(live && !mine.audio ? "backstage.live.muted" : !on && mine.waits === "not_yet" ? "backstage.not_yet.said" : `${text}.more`)}</small>
    </div>`;
  }

  #mirror() {
    const camera = this.#devices.stream?.getVideoTracks()[0];
    const line = this.#publishers.get("camera")?.state ?? "idle";
    return html`<div class="mirror">
        ${camera?.enabled
          ? this.#devices.mirror
          : html`<p>${t(camera ? "tile.camera_off" : "devices.nocamera")}</p>`}
      </div>
      <p class="fact" data-line=${line}>${icon("signal")}<span>${t(`feed.${line}`)}</span></p>`;
  }

  /** @param {Entry} mine */
  #controls(mine) {
    return html`<div class="controls">
        ${this.#toggle(mine, "audio", "mic")} ${this.#toggle(mine, "video", "camera")}
        ${this.#screen ? this.#screenOff() : this.#screenOn()}
        <button class="kern-btn kern-btn--tertiary" type="button" @click=${() => this.#leave()}>
          ${icon("leave")}<span class="kern-label">${t("backstage.leave")}</span>
        </button>
      </div>
      ${this.#screen && !this.#onStage("screen") ? html`<p class="fact">${icon("screen")}<span>${t("backstage.screen.waiting")}</span></p>` : nothing}`;
  }

  /**
   * @param {Entry} mine
   * @param {"audio" | "video"} track
   * @param {string} name of the icon
   */
  #toggle(mine, track, name) {
    const off = !mine[track];
    return html`<button
      class="toggle kern-btn kern-btn--secondary"
      type="button"
      ?data-off=${off}
      @click=${() => attempt(() => this.#setTrack(track, off))}
    >
      ${icon(off ? `${name}-off` : name)}<span class="kern-label">${t(`backstage.${track}.${off ? "off" : "on"}`)}</span>
    </button>`;
  }

  #screenOn() {
    if (!("getDisplayMedia" in navigator.mediaDevices)) return nothing;
    return html`<button class="kern-btn kern-btn--secondary" type="button" @click=${() => this.#share()}>
      ${icon("screen")}<span class="kern-label">${t("backstage.screen.share")}</span>
    </button>`;
  }

  #screenOff() {
    return html`<button class="kern-btn kern-btn--secondary" type="button" @click=${() => this.#unshare()}>
      ${icon("close")}<span class="kern-label">${t("backstage.screen.stop")}</span>
    </button>`;
  }

  /** @param {Entry | null} mine */
  #door(mine) {
    const state = room.item?.state;
    if (state === "ended") return html`<p class="soft">${t("backstage.ended")}</p>`;
    if (this.#devices.stream === null) {
      return html`<p class="soft">${t("backstage.check")}</p>
        <button class="kern-btn kern-btn--primary kern-btn--large" type="button" ?disabled=${this.#devices.opening} @click=${() => this.#devices.open()}>
          ${icon("camera")}<span class="kern-label">${t("devices.start")}</span>
        </button>`;
    }
    const closed = state === "planned";
    return html`${closed ? html`<p class="soft">${t("backstage.closed")}</p>` : nothing}
      <button class="kern-btn kern-btn--primary kern-btn--large" type="button" ?disabled=${closed || this.#busy} @click=${() => this.#enter()}>
        ${icon("door")}<span class="kern-label">${t(mine ? "backstage.here" : "backstage.enter")}</span>
      </button>`;
  }

  /** What the moderator switched off is off here too; what is over is over. */
  #follow() {
    const mine = this.#entry("camera");
    if (mine && this.#here) {
      for (const track of this.#devices.stream?.getTracks() ?? []) track.enabled = mine[track.kind === "audio" ? "audio" : "video"];
    }
    if (room.item?.state === "ended") this.#finish();
    const on = this.#onStage("camera");
    if (on !== this.#wasOn) announce("stage", t(on ? "announce.on" : "announce.off"));
    this.#wasOn = on;
  }

  /** Nobody watches any more: camera and microphone go off. */
  #finish() {
    if (this.#here) this.#end("camera");
    if (this.#devices.stream) this.#devices.close();
  }

  async #enter() {
    this.#busy = true;
    if (this.#devices.stream === null) await this.#devices.open();
    const stream = this.#devices.stream;
    const entered = stream && (await attempt(() => room.ask("stage.enter", { source: "camera" }).then(() => true)));
    this.#busy = false;
    if (stream && entered) {
      sessionStorage.setItem(this.#memory, "yes");
      this.#publish("camera", stream);
      void attempt(() => room.join());
    }
    this.update();
  }

  async #leave() {
    const sure = !this.#onStage("camera") || (await confirmed({ title: t("backstage.leave"), text: t("backstage.leave.live"), yes: t("backstage.leave") }));
    if (!sure) return;
    await this.#unshare();
    this.#end("camera");
    await attempt(() => room.ask("stage.leave", { source: "camera" }));
  }

  async #share() {
    let stream;
    try {
      stream = await openScreen();
    } catch {
      return note(t("backstage.screen.none"));
    }
    if (!(await attempt(() => room.ask("stage.enter", { source: "screen" }).then(() => true)))) return closeStream(stream);
    this.#screen = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => void this.#unshare());
    this.#publish("screen", stream);
    this.update();
  }

  async #unshare() {
    if (this.#screen === null) return;
    this.#end("screen");
    await attempt(() => room.ask("stage.leave", { source: "screen" }));
  }

  /**
   * @param {"audio" | "video"} track
   * @param {boolean} on
   */
  async #setTrack(track, on) {
    await room.ask("stage.set_tracks", { source: "camera", person: null, audio: null, video: null, [track]: on });
  }

  /**
   * @param {"camera" | "screen"} source
   * @param {MediaStream} stream
   */
  #publish(source, stream) {
    const publisher = new Publisher({
      address: address(`/whip/${room.state.session}?source=${source}`),
      stream,
      source,
      onstate: () => this.update(),
    });
    this.#publishers.set(source, publisher);
    showOwn(source, stream);
    publisher.start();
  }

  /** @param {"camera" | "screen"} source */
  #end(source) {
    this.#publishers.get(source)?.stop();
    this.#publishers.delete(source);
    showOwn(source, null);
    if (source === "screen") {
      closeStream(this.#screen);
      this.#screen = null;
    } else {
      sessionStorage.removeItem(this.#memory);
      this.#devices.stream?.getTracks().forEach((track) => (track.enabled = true));
      if (this.#screen) this.#end("screen");
    }
    this.update();
  }
}

customElements.define("conf-backstage", Backstage);
