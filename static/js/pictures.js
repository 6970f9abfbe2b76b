/**
 * The pictures and sounds of a room as they really arrive: which slot shows moving frames, whether sound may play.
 *
 * @import {LineState} from "./line.js"
 * @import {Entry} from "./state/types.js"
 */

import { address } from "./address.js";
import { Viewer } from "./media.js";
import { room } from "./room.js";
import { capped, saves, saving } from "./saving.js";
import { Sizes } from "./sizes.js";
import { feedName } from "./state/index.js";

const LOOK_EVERY = 400;
/** The programme's other feed is there within this time, if there is one. */
const STILL_AFTER = { camera: 3_000, programme: 5_000, backup: 5_000, screen: 15_000 };

/** One place where somebody's picture may be. */
class Place {
  video = document.createElement("video");
  audio = document.createElement("audio");
  playing = false;
  feed = "";
  frames = 0;
  movedAt = 0;

  constructor() {
    this.video.muted = true;
    this.video.autoplay = true;
    this.video.playsInline = true;
    this.video.disablePictureInPicture = true;
    this.video.tabIndex = -1;
    this.audio.autoplay = true;
  }

  /** A new line shows nothing yet. @param {MediaStreamTrack} track */
  begin(track) {
    this.video.srcObject = new MediaStream([track]);
    this.video.play().catch(() => {});
    [this.frames, this.movedAt] = [0, -Infinity];
  }

  /** Nothing is wanted here. */
  rest() {
    [this.playing, this.movedAt] = [false, -Infinity];
  }

  /**
   * Looks whether frames moved since the last time. They are counted at the decoder: Firefox's video elements do not
   * count the frames of live streams.
   *
   * @param {Entry | null} entry
   * @param {number} frames decoded so far
   * @param {boolean} shown whether they are asked for
   */
  look(entry, frames, shown) {
    if (this.video.paused && this.video.isConnected && this.video.srcObject) this.video.play().catch(() => {});
    const feed = entry ? feedName(entry) : "";
    const at = performance.now();
    if (feed !== this.feed) [this.feed, this.movedAt] = [feed, -Infinity];
    else if (frames > this.frames || (!shown && this.playing)) this.movedAt = at;
    this.frames = frames;
    this.playing = entry !== null && entry.video && at - this.movedAt < STILL_AFTER[entry.source];
  }
}

export class Pictures {
  /** Whether the browser waits for a press before it plays sound. */
  blocked = false;
  /** @type {LineState} */
  line = "idle";

  #entries;
  #changed;
  #sound;
  #arriving;
  #places;
  #viewer;
  #sizes;
  /** @type {number[]} */
  #heights;
  #timer = 0;
  #shown = "";
  #hushed = false;
  #silent = (/** @type {number} */ _slot) => false;
  #restart = (/** @type {Event} */ event) => this.#viewer.lost(/** @type {CustomEvent} */ (event).detail ?? null);
  #saves = () => this.#sizes.tell();

  /**
   * @param {object} options
   * @param {string} options.session
   * @param {"stage" | "backstage" | "foldback" | "group"} options.of
   * @param {number} options.slots
   * @param {boolean} options.sound
   * @param {() => (Entry | null)[]} options.entries who is in which slot
   * @param {() => void} options.changed
   * @param {string} [options.query] names the room in the address
   * @param {number} [options.voices] how many sounds the room has, if not as many as pictures
   * @param {() => string[]} [options.arriving] feeds that arrive at the server now
   */
  constructor({ session, of, slots, sound, entries, changed, query = `room=${of}`, voices, arriving }) {
    this.#arriving = arriving ?? (() => room.state.signals.feeds ?? []);
    this.#entries = entries;
    this.#changed = changed;
    this.#sound = sound;
    this.#places = Array.from({ length: slots }, () => new Place());
    this.#viewer = new Viewer({
      address: address(`/whep/${session}?${query}`),
      carries: of,
      slots,
      voices,
      onslot: (slot, video, audio) => this.#connect(slot, video, audio),
      expects: () => this.#expects(),
      onstate: (state) => {
        this.line = state;
        changed();
      },
    });
    this.#heights = this.#places.map(() => 0);
    this.#sizes = new Sizes(
      this.#places.map(({ video }) => video),
      (heights) => this.#show(heights),
    );
  }

  start() {
    if (this.#timer !== 0) return;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY);
    room.addEventListener("restarted", this.#restart);
    saves.addEventListener("change", this.#saves);
    this.#sizes.start();
    this.#viewer.start();
  }

  stop() {
    if (this.#timer === 0) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    room.removeEventListener("restarted", this.#restart);
    saves.removeEventListener("change", this.#saves);
    this.#sizes.stop();
    this.#viewer.stop();
    for (const { video, audio } of this.#places) {
      video.srcObject = null;
      audio.srcObject = null;
    }
  }

  /** @param {number} slot */
  place(slot) {
    return this.#places[slot];
  }

  /** Silences what comes from the stage, as long as something else has the sound. @param {boolean} quiet */
  hush(quiet) {
    this.#hushed = quiet;
    this.#silence();
  }

  /** Silences some of it, until told otherwise. @param {(slot: number) => boolean} silent */
  quieten(silent) {
    this.#silent = silent;
    this.#silence();
  }

  #silence() {
    this.#places.forEach(({ audio }, slot) => (audio.muted = this.#hushed || this.#silent(slot)));
  }

  /** A press allows sound. */
  unlock() {
    if (!this.blocked) return;
    this.blocked = this.#viewer.blocked = false;
    this.#places.forEach(({ audio }) => this.#play(audio));
    this.#changed();
  }

  /** What arrived in each slot, how often the line was made and repaired, and which session it is. */
  async stats() {
    const { attempts, repairs, id } = this.#viewer;
    return { line: this.line, attempts, repairs, id, heights: this.#heights, slots: await this.#viewer.stats() };
  }

  /** @param {number[]} heights */
  #show(heights) {
    this.#heights = heights.map((height) => capped(height, saving()));
    if (saving() === "sound") this.#places.forEach((place) => place.rest());
    this.#viewer.show(this.#heights);
    this.#changed();
  }

  /**
   * @param {number} slot
   * @param {MediaStreamTrack} video
   * @param {MediaStreamTrack | undefined} audio
   */
  #connect(slot, video, audio) {
    const place = this.#places[slot];
    place.begin(video);
    if (!this.#sound || !audio) return;
    place.audio.srcObject = new MediaStream([audio]);
    this.#play(place.audio);
  }

  /** @param {HTMLAudioElement} audio */
  #play(audio) {
    if (audio.srcObject === null) return;
    audio.play().catch((error) => {
      if (error.name !== "NotAllowedError" || this.blocked) return;
      this.blocked = this.#viewer.blocked = true;
      for (const press of ["pointerup", "keyup"]) addEventListener(press, () => this.unlock(), { once: true });
      this.#changed();
    });
  }

  #expects() {
    const arriving = this.#arriving();
    const rest = (room.state.pause ?? null) !== null; // whoever publishes is silent in a pause, a programme goes on
    return this.#entries().some(
      (entry, slot) =>
        entry !== null &&
        (entry.source === "programme" || (entry.person !== room.me.id && !rest)) &&
        (entry.audio || (entry.video && this.#heights[slot] > 0)) &&
        arriving.includes(feedName(entry)),
    );
  }

  async #look() {
    const frames = await this.#viewer.frames();
    const entries = this.#entries();
    this.#places.forEach((place, slot) => place.look(entries[slot] ?? null, frames[slot] ?? 0, this.#heights[slot] > 0));
    const shown = this.#places.map(({ playing }) => playing).join();
    if (shown !== this.#shown) this.#changed();
    this.#shown = shown;
  }
}
