/** Speaking to those backstage: the microphone opens with the first press, and flows to nobody else. */

import { address } from "./address.js";
import { attempt, note } from "./ask.js";
import { t } from "./i18n.js";
import { closeStream, openTrack, Publisher } from "./media.js";
import { room } from "./room.js";

/** Milliseconds after the last word until the microphone is released. */
const RELEASE = 60_000;
/** Milliseconds from which a press counts as held. */
const HELD = 400;

export const talkback = new (class extends EventTarget {
  /** To whom one speaks: everybody backstage (null), a person, or nobody. @type {string | null | undefined} */
  to = undefined;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {Publisher | null} */
  #publisher = null;
  #pressed = 0;
  #wasOn = false;
  #release = 0;

  constructor() {
    super();
    room.addEventListener("taken", (event) => {
      if (!this.#publisher?.taken(/** @type {CustomEvent} */ (event).detail)) return;
      this.#close();
      void this.end();
    });
    room.addEventListener("restarted", (event) => this.#publisher?.lost(/** @type {CustomEvent} */ (event).detail ?? null));
    room.addEventListener("greeted", () => this.to !== undefined && void this.#tell());
    addEventListener("pagehide", () => this.#close());
  }

  /** Whether the voice is on its way. */
  get connected() {
    return this.#publisher?.state === "connected";
  }

  /** A finger or a key goes down: one speaks; a second press ends it. @param {string | null} to */
  press(to) {
    this.#wasOn = this.to === to;
    this.#pressed = performance.now();
    if (!this.#wasOn) void this.#begin(to);
  }

  /** It goes up: whoever held it has done; a short press leaves it open. */
  lift() {
    if (this.#wasOn || performance.now() - this.#pressed > HELD) void this.end();
  }

  /** @param {string | null} to */
  async #begin(to) {
    clearTimeout(this.#release);
    this.to = to;
    this.#changed();
    if (this.#stream === null && !(await this.#open())) return this.end();
    if (this.to === undefined) return;
    this.#stream?.getAudioTracks().forEach((track) => (track.enabled = true));
    if ((await attempt(() => this.#tell().then(() => true))) === null) await this.end();
  }

  /** Nobody is spoken to any more. */
  async end() {
    if (this.to === undefined) return;
    this.to = undefined;
    this.#stream?.getAudioTracks().forEach((track) => (track.enabled = false));
    this.#release = setTimeout(() => this.#close(), RELEASE);
    this.#changed();
    await attempt(() => this.#tell());
  }

  #tell() {
    return room.ask("talkback.speak", { on: this.to !== undefined, to: this.to ?? null });
  }

  async #open() {
    const track = await openTrack("audio").catch(() => null);
    if (track === null) {
      note(t("talkback.nomic"));
      return false;
    }
    const stream = (this.#stream = new MediaStream([track]));
    stream.getAudioTracks().forEach((track) => (track.enabled = false));
    this.#publisher = new Publisher({
      address: address(`/whip/${room.state.session}?source=talkback`),
      stream,
      source: "talkback",
      onstate: () => this.#changed(),
    });
    this.#publisher.start();
    return true;
  }

  #close() {
    this.#publisher?.stop();
    closeStream(this.#stream);
    this.#publisher = this.#stream = null;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
})();
