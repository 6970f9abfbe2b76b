/** One's own microphone and camera where one is not a speaker: in a room of working groups, as a guest on stage. */

import { openTrack, Publisher } from "./media.js";

/** @typedef {"audio" | "video"} Kind */

const KINDS = /** @type {const} */ (["audio", "video"]);

export class OwnFeed {
  /** One's own picture, as in a mirror. */
  mirror = document.createElement("video");
  stream = new MediaStream();
  /** @type {Publisher | null} */
  publisher = null;

  #changed;
  #turn = Promise.resolve();

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.mirror.muted = this.mirror.autoplay = this.mirror.playsInline = true;
  }

  /**
   * Makes the devices what the person wants, one change after the other.
   *
   * @param {string} address where it is published
   * @param {{audio: boolean, video: boolean}} wanted
   * @param {(kinds: Kind[]) => void} refused these devices cannot be had; the others go on
   */
  follow(address, wanted, refused) {
    this.#turn = this.#turn
      .then(() => this.#apply(address, wanted))
      .then((kinds) => (kinds.length > 0 ? refused(kinds) : undefined))
      .catch(() => refused([...KINDS]));
  }

  /**
   * @param {string} address
   * @param {{audio: boolean, video: boolean}} wanted
   * @returns {Promise<Kind[]>} what cannot be had
   */
  async #apply(address, wanted) {
    const before = this.stream.getTracks().length;
    let opened = false;
    /** @type {Kind[]} */
    const refused = [];
    for (const kind of KINDS) {
      const track = this.stream.getTracks().find((one) => one.kind === kind) ?? null;
      const runs = track?.readyState === "live";
      if (wanted[kind] && !runs) {
        const fresh = await openTrack(kind).catch(() => null);
        if (fresh === null) {
          refused.push(kind);
          continue;
        }
        if (track) this.stream.removeTrack(track);
        this.stream.addTrack(fresh);
        opened = true;
      } else if (!wanted[kind] && track && kind === "video") {
        track.stop(); // its lamp goes off
      }
      for (const one of this.stream.getAudioTracks()) one.enabled = wanted.audio;
    }
    if (opened) await this.#send(address, before < this.stream.getTracks().length);
    this.mirror.srcObject = wanted.video && !refused.includes("video") ? this.stream : null;
    this.#changed();
    return refused;
  }

  /**
   * @param {string} address
   * @param {boolean} more whether there is a kind of track that was not sent before
   */
  async #send(address, more) {
    if (this.publisher && !more) return this.publisher.replace(this.stream);
    this.publisher?.stop();
    this.publisher = new Publisher({ address, stream: this.stream, source: "camera", onstate: () => this.#changed() });
    this.publisher.start();
  }

  close() {
    this.publisher?.stop();
    this.publisher = null;
    this.stream.getTracks().forEach((track) => track.stop());
    this.stream = new MediaStream();
    this.mirror.srcObject = null;
  }
}
