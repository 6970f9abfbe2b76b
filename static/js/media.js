/**
 * Picture and sound: publishing by WHIP, viewing by its twin. Nothing but this module and its `line.js` knows WebRTC.
 *
 * @import {Carried, LineState} from "./line.js"
 */

import { cameraEncodings, screenEncodings } from "./encodings.js";
import { Line } from "./line.js";

const TELL_AGAIN = 1_000;

/** The slots of a room, seen and heard. */
export class Viewer extends Line {
  #slots;
  #voices;
  #onslot;
  #expects;
  /** @type {number[] | null} */
  #heights = null;
  #told = "";
  #telling = 0;

  /**
   * @param {object} options
   * @param {string} options.address
   * @param {Carried} options.carries
   * @param {number} options.slots how many pictures and sounds the room has
   * @param {number} [options.voices] how many sounds, where they are fewer
   * @param {(slot: number, video: MediaStreamTrack, audio: MediaStreamTrack | undefined) => void} options.onslot new tracks
   * @param {() => boolean} options.expects whether somebody can be seen or heard now
   * @param {(state: LineState) => void} options.onstate
   */
  constructor({ address, carries, slots, voices = slots, onslot, expects, onstate }) {
    super({ address, carries, silentFor: 2_000, onstate });
    this.#slots = slots;
    this.#voices = voices;
    this.#onslot = onslot;
    this.#expects = expects;
  }

  expects() {
    return this.#expects();
  }

  /** @param {RTCPeerConnection} pc */
  prepare(pc) {
    const receive = (/** @type {string} */ kind, /** @type {number} */ length) =>
      Array.from({ length }, () => pc.addTransceiver(kind, { direction: "recvonly" }).receiver.track);
    const videos = receive("video", this.#slots);
    const audios = receive("audio", this.#voices);
    videos.forEach((video, slot) => this.#onslot(slot, video, audios[slot]));
  }

  /** The server's reports go on while an encoder is silent: that is no fault of this line. @param {RTCStatsReport} report */
  pulse(report) {
    return sum(report, "inbound-rtp", "bytesReceived") + sum(report, "remote-outbound-rtp", "remoteTimestamp");
  }

  async answered() {
    void this.#tell();
  }

  /**
   * Tells the server how large each picture is shown: at once, and again on each new line.
   *
   * @param {number[]} heights physical pixels for each slot; 0: not shown
   */
  show(heights) {
    this.#heights = heights;
    void this.#tell();
  }

  async #tell() {
    clearTimeout(this.#telling);
    const [resource, heights] = [this.resource, JSON.stringify(this.#heights)];
    const news = `${resource} ${heights}`;
    if (resource === null || this.#heights === null || news === this.#told) return;
    this.#told = news;
    try {
      const address = resource.replace(/\?|$/, "/sizes$&");
      const headers = { "Content-Type": "application/json" };
      const { status } = await fetch(address, { method: "PUT", headers, body: heights });
      if (status >= 500) throw new Error("not now");
    } catch {
      if (this.#told === news) this.#told = "";
      this.#telling = setTimeout(() => void this.#tell(), TELL_AGAIN);
    }
  }

  /**
   * Frames decoded so far in each slot: one reading for all.
   *
   * @returns {Promise<number[]>}
   */
  async frames() {
    const pc = this.pc;
    if (pc === null) return [];
    const mids = pc
      .getTransceivers()
      .filter(({ receiver }) => receiver.track.kind === "video")
      .map(({ mid }) => mid);
    const frames = mids.map(() => 0);
    (await pc.getStats()).forEach((entry) => {
      const slot = entry.type === "inbound-rtp" && entry.kind === "video" ? mids.indexOf(entry.mid) : -1;
      if (slot >= 0) frames[slot] = entry.framesDecoded ?? 0;
    });
    return frames;
  }

  /**
   * What arrived in each slot, for tests and for the health of the line.
   *
   * @returns {Promise<{slot: number, framesDecoded: number, videoBytes: number, audioBytes: number}[]>}
   */
  async stats() {
    const pc = this.pc;
    if (pc === null) return [];
    const kinds = ["video", "audio"].map((kind) =>
      pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === kind),
    );
    return Promise.all(
      kinds[0].map(async (video, slot) => {
        const seen = await video.receiver.getStats();
        const heard = (await kinds[1][slot]?.receiver.getStats()) ?? new Map();
        return {
          slot,
          framesDecoded: sum(seen, "inbound-rtp", "framesDecoded"),
          videoBytes: sum(seen, "inbound-rtp", "bytesReceived"),
          audioBytes: sum(heard, "inbound-rtp", "bytesReceived"),
        };
      }),
    );
  }
}

/** One's own camera and microphone, or screen, on their way to the server. */
export class Publisher extends Line {
  #stream;
  #source;

  /**
   * @param {object} options
   * @param {string} options.address
   * @param {MediaStream} options.stream
   * @param {"camera" | "screen" | "talkback"} options.source
   * @param {(state: LineState) => void} options.onstate
   */
  constructor({ address, stream, source, onstate }) {
    super({ address, carries: source, silentFor: 4_000, onstate });
    this.#stream = stream;
    this.#source = source;
  }

  /** @param {RTCPeerConnection} pc */
  prepare(pc) {
    for (const track of this.#stream.getTracks()) {
      if (track.kind === "video") track.contentHint = this.#source === "screen" ? "detail" : "motion";
      pc.addTransceiver(track, {
        direction: "sendonly",
        streams: [this.#stream],
        sendEncodings: track.kind === "video" ? this.#encodings(track) : undefined,
      });
    }
  }

  /**
   * A server that takes one layer alone gets the best: by the standard the first stays, which is the smallest.
   *
   * @param {RTCPeerConnection} pc
   */
  async answered(pc) {
    const sender = pc.getSenders().find(({ track }) => track?.kind === "video");
    if (!sender?.track) return;
    const parameters = sender.getParameters();
    if (!/^a=simulcast:/m.test(pc.remoteDescription?.sdp ?? "")) {
      const { rid, ...best } = this.#encodings(sender.track).at(-1) ?? {};
      parameters.encodings.slice(0, 1).forEach((only) => Object.assign(only, best));
    }
    if (this.#source === "screen") Object.assign(parameters, { degradationPreference: "maintain-resolution" });
    await sender.setParameters(parameters).catch(() => {});
  }

  /** @param {MediaStreamTrack} track */
  #encodings(track) {
    if (this.#source === "screen") return screenEncodings();
    const { connection } = /** @type {{connection?: {saveData?: boolean}}} */ (navigator);
    const machine = { cores: navigator.hardwareConcurrency, saving: connection?.saveData };
    return cameraEncodings(track.getSettings().height, machine);
  }

  /** @param {RTCStatsReport} report */
  pulse(report) {
    return (
      sum(report, "transport", "packetsReceived") +
      sum(report, "candidate-pair", "responsesReceived") +
      sum(report, "candidate-pair", "bytesReceived")
    );
  }

  /**
   * Goes on with another camera or microphone.
   *
   * @param {MediaStream} stream
   */
  async replace(stream) {
    this.#stream = stream;
    for (const sender of this.pc?.getSenders() ?? []) {
      const track = stream.getTracks().find(({ kind }) => kind === sender.track?.kind);
      if (track) await sender.replaceTrack(track);
    }
  }
}

/**
 * @param {RTCStatsReport} report
 * @param {string} type
 * @param {string} figure
 */
function sum(report, type, figure) {
  let total = 0;
  report.forEach((entry) => {
    if (entry.type === type) total += entry[figure] ?? 0;
  });
  return total;
}

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Camera and microphone as chosen; one of them alone where the other is missing.
 *
 * @param {{camera?: string | null, microphone?: string | null}} [chosen] device ids
 * @returns {Promise<MediaStream>}
 * @throws {DOMException} neither can be had
 */
export async function openDevices({ camera = null, microphone = null } = {}) {
  const video = camera ? { ...CAMERA, deviceId: { ideal: camera } } : CAMERA;
  const audio = microphone ? { ...MICROPHONE, deviceId: { ideal: microphone } } : MICROPHONE;
  const wishes = [{ video, audio }, { audio }, { video }];
  /** @type {unknown} */
  let refusal;
  for (const wish of wishes) {
    try {
      return await navigator.mediaDevices.getUserMedia(wish);
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

/**
 * Microphone or camera alone, as chosen.
 *
 * @param {"audio" | "video"} kind
 * @returns {Promise<MediaStreamTrack>}
 * @throws {DOMException} it cannot be had
 */
export async function openTrack(kind) {
  const deviceId = localStorage.getItem(kind === "audio" ? "microphone" : "camera");
  const wanted = { ...(kind === "audio" ? MICROPHONE : CAMERA), ...(deviceId ? { deviceId: { ideal: deviceId } } : {}) };
  const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
  return stream.getTracks()[0];
}

/** @returns {Promise<MediaStream>} what the person chose to show */
export function openScreen() {
  return navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
}

/** @returns {Promise<{cameras: MediaDeviceInfo[], microphones: MediaDeviceInfo[]}>} */
export async function listDevices() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return {
    cameras: devices.filter(({ kind }) => kind === "videoinput"),
    microphones: devices.filter(({ kind }) => kind === "audioinput"),
  };
}

/** @param {MediaStream | null} stream */
export function closeStream(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/**
 * Watches how loud a microphone is.
 *
 * @param {MediaStream} stream
 * @param {(level: number) => void} onlevel 0 … 1, ten times a second
 * @returns {() => void} stops it
 */
export function watchLevel(stream, onlevel) {
  if (stream.getAudioTracks().length === 0) return () => {};
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((total, sample) => total + sample * sample, 0) / samples.length;
    onlevel(Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 50)));
  }, 100);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
