/** Checking camera, microphone, sound and the line before it matters. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { closeStream, listDevices, openDevices, watchLevel } from "../media.js";
import { room } from "../room.js";

const QUICK = 150;
const SLOW = 400;

/** Camera and microphone as the person chose them, remembered in this browser. */
export class Devices {
  /** @type {MediaStream | null} */
  stream = null;
  /** @type {MediaDeviceInfo[]} */
  cameras = [];
  /** @type {MediaDeviceInfo[]} */
  microphones = [];
  problem = "";
  opening = false;
  level = 0;
  /** The person's own picture, as in a mirror. */
  mirror = document.createElement("video");

  #changed;
  #unwatch = () => {};

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.mirror.muted = this.mirror.playsInline = true;
    this.mirror.setAttribute("aria-label", t("devices.mirror"));
  }

  /** @returns {{camera: string | null, microphone: string | null}} */
  get chosen() {
    return { camera: localStorage.getItem("camera"), microphone: localStorage.getItem("microphone") };
  }

  async open() {
    this.opening = true;
    this.#changed();
    try {
      const stream = await openDevices(this.chosen);
      this.close();
      this.stream = this.mirror.srcObject = stream;
      this.problem = "";
      ({ cameras: this.cameras, microphones: this.microphones } = await listDevices());
      this.#unwatch = watchLevel(stream, (level) => {
        this.level = level;
        this.#changed();
      });
    } catch (error) {
      this.problem = error instanceof DOMException && error.name === "NotAllowedError" ? "devices.denied" : "devices.missing";
    }
    this.opening = false;
    this.#changed();
  }

  close() {
    this.#unwatch();
    closeStream(this.stream);
    this.stream = this.mirror.srcObject = null;
  }

  /** Moving a video in the page pauses it. */
  play() {
    if (this.mirror.isConnected && this.mirror.paused && this.stream) this.mirror.play().catch(() => {});
  }

  /**
   * @param {"camera" | "microphone"} kind
   * @param {string} id
   */
  async choose(kind, id) {
    localStorage.setItem(kind, id);
    await this.open();
  }

  /** The picture in a mirror, the level of the microphone, what can be chosen. */
  view() {
    const picture = this.stream && this.stream.getVideoTracks().length > 0;
    return html`<div class="mirror">
        ${picture
          ? this.mirror
          : html`<p>${t(this.problem || (this.stream ? "devices.nocamera" : "devices.mirror.off"))}</p>`}
      </div>
      ${this.stream ? this.#choices(this.stream) : nothing}`;
  }

  /** @param {MediaStream} stream */
  #choices(stream) {
    return html`<div class="devices__list">
      ${this.#pick("camera", this.cameras, stream.getVideoTracks()[0])}
      ${this.#pick("microphone", this.microphones, stream.getAudioTracks()[0])}
      <div class="devices__row">
        ${icon("mic")}
        <svg class="level" role="img" aria-label=${t("devices.level")} preserveAspectRatio="none">
          <rect width="${Math.round(this.level * 100)}%" height="100%"></rect>
        </svg>
        <span class="small soft">${t(this.level > 0.15 ? "devices.heard" : "devices.speak")}</span>
      </div>
    </div>`;
  }

  /**
   * @param {"camera" | "microphone"} kind
   * @param {MediaDeviceInfo[]} devices
   * @param {MediaStreamTrack | undefined} track
   */
  #pick(kind, devices, track) {
    if (devices.length === 0) return nothing;
    const used = track?.getSettings().deviceId;
    return html`<label class="devices__row">
      ${icon(kind === "camera" ? "camera" : "mic")}
      <select
        class="pick"
        aria-label=${t(`devices.${kind}`)}
        @change=${(/** @type {Event} */ event) => this.choose(kind, /** @type {HTMLSelectElement} */ (event.target).value)}
      >
        ${devices.map(
          ({ deviceId, label }, index) =>
            html`<option value=${deviceId} ?selected=${deviceId === used}>${label || t(`devices.${kind}`) + ` ${index + 1}`}</option>`,
        )}
      </select>
    </label>`;
  }
}

/** The check for everybody: nothing is switched on before a press. */
export class DeviceCheck extends Live {
  #devices = new Devices(() => this.update());
  #sounded = false;

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#devices.close();
  }

  view() {
    return html`<div class="devices">
      <div class="devices__row">
        ${icon("signal")}<span>${t(`line.${this.#line}`)}</span>
        ${this.#line === "good" ? html`<span class="badge badge--good">${t("devices.ok")}</span>` : nothing}
      </div>
      <div class="devices__row">
        ${icon("sound")}<span>${t(this.#sounded ? "devices.sounded" : "devices.sound")}</span>
        <button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => this.#sound()}>
          <span class="kern-label">${t("devices.play")}</span>
        </button>
      </div>
      ${this.#devices.stream || this.#devices.problem ? this.#devices.view() : nothing}
      <button
        class="kern-btn kern-btn--secondary kern-btn--small"
        type="button"
        ?disabled=${this.#devices.opening}
        @click=${() => this.#toggle()}
      >
        ${icon("camera")}<span class="kern-label">${t(this.#devices.stream ? "devices.stop" : "devices.start")}</span>
      </button>
    </div>`;
  }

  rendered() {
    this.#devices.play();
  }

  get #line() {
    if (room.connection !== "live") return "none";
    const took = room.roundTrip;
    if (took === null) return "measuring";
    return took < QUICK ? "good" : took < SLOW ? "fair" : "slow";
  }

  #toggle() {
    if (this.#devices.stream === null) return void this.#devices.open();
    this.#devices.close();
    this.update();
  }

  #sound() {
    const context = new AudioContext();
    const volume = context.createGain();
    volume.gain.setValueAtTime(0.001, context.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.2, context.currentTime + 0.05);
    volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 1.2);
    volume.connect(context.destination);
    for (const [pitch, after] of [[523.25, 0], [659.25, 0.18], [783.99, 0.36]]) {
      const tone = new OscillatorNode(context, { frequency: pitch });
      tone.connect(volume);
      tone.start(context.currentTime + after);
      tone.stop(context.currentTime + 1.2);
    }
    setTimeout(() => void context.close(), 1_500);
    this.#sounded = true;
    this.update();
  }
}

customElements.define("conf-devices", DeviceCheck);
