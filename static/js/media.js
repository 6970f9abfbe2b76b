/**
 * Picture and sound: publishing by WHIP, viewing by its twin. Nothing else in these pages knows WebRTC.
 *
 * A line repairs itself: when its connection fails, when the server restarts, when the network comes back, when nothing
 * arrives although something should. The person presses nothing.
 *
 * @typedef {"idle" | "connecting" | "connected" | "lost" | "refused"} LineState
 */

const CONNECT_WITHIN = 5_000;
const LOOK_EVERY = 500;
const DISCONNECTED_FOR = 1_200;
const PAUSES = [200, 600, 1_200, 2_000, 3_000];

/** One peer connection to the server and its replacement, as often as needed. */
class Line {
  /** @type {LineState} */
  state = "idle";
  /** How often the line was made. */
  attempts = 0;
  /** @type {RTCPeerConnection | null} */
  pc = null;

  #address;
  #onstate;
  #silentFor;
  /** @type {string | null} */
  #resource = null;
  #failures = 0;
  #looking = 0;
  #retry = 0;
  #wanted = false;
  #heard = -1;
  #heardAt = 0;
  #brokenSince = 0;
  #begunAt = 0;
  #patience = 1;

  /**
   * @param {object} options
   * @param {string} options.address where the offer goes
   * @param {number} options.silentFor milliseconds without a sign of life after which the line is made anew
   * @param {(state: LineState) => void} options.onstate
   */
  constructor({ address, silentFor, onstate }) {
    this.#address = address;
    this.#silentFor = silentFor;
    this.#onstate = onstate;
    this.online = () => this.restart();
    this.leaving = () => this.#forget(true);
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    addEventListener("online", this.online);
    addEventListener("pagehide", this.leaving);
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY);
    void this.#connect();
  }

  stop() {
    this.#wanted = false;
    removeEventListener("online", this.online);
    removeEventListener("pagehide", this.leaving);
    clearInterval(this.#looking);
    clearTimeout(this.#retry);
    this.#forget(true);
    this.#set("idle");
  }

  /** Makes the line anew at once. */
  restart() {
    if (!this.#wanted) return;
    this.#failures = 0;
    this.#again("lost");
  }

  /**
   * Adds tracks or transceivers to a new connection.
   *
   * @param {RTCPeerConnection} _pc
   */
  prepare(_pc) {}

  /** Whether something should be arriving now. */
  expects() {
    return true;
  }

  /**
   * A figure that rises as long as the line is alive.
   *
   * @param {RTCStatsReport} _report
   */
  pulse(_report) {
    return 0;
  }

  async #connect() {
    clearTimeout(this.#retry);
    this.#forget(true);
    this.#set(this.attempts === 0 ? "connecting" : "lost");
    const pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this.pc = pc;
    this.attempts += 1;
    this.#begunAt = performance.now();
    this.#brokenSince = 0;
    pc.onconnectionstatechange = () => this.#changed(pc);
    try {
      this.prepare(pc);
      await pc.setLocalDescription();
      await this.#offer(pc);
    } catch {
      if (pc === this.pc) this.#again("lost");
    }
  }

  /** @param {RTCPeerConnection} pc */
  async #offer(pc) {
    const response = await fetch(this.#address, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: pc.localDescription?.sdp,
      signal: AbortSignal.timeout(CONNECT_WITHIN),
    });
    const resource = response.headers.get("Location");
    if (pc !== this.pc) {
      if (resource) void end(resource);
      return;
    }
    if (!response.ok) return this.#again(response.status < 500 ? "refused" : "lost");
    this.#resource = resource;
    await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
  }

  /** @param {RTCPeerConnection} pc */
  #changed(pc) {
    if (pc !== this.pc) return;
    if (pc.connectionState === "connected") {
      this.#failures = 0;
      this.#brokenSince = 0;
      this.#heard = -1;
      this.#set("connected");
    } else if (pc.connectionState === "failed" || pc.connectionState === "closed") {
      this.#again("lost");
    } else if (pc.connectionState === "disconnected") {
      this.#brokenSince = performance.now();
    }
  }

  async #look() {
    const pc = this.pc;
    if (pc === null) return;
    const at = performance.now();
    if (this.state !== "connected") {
      if (at - this.#begunAt > CONNECT_WITHIN) this.#again("lost");
      return;
    }
    if (this.#brokenSince > 0 && at - this.#brokenSince > DISCONNECTED_FOR) return this.#again("lost");
    const heard = this.pulse(await pc.getStats());
    if (pc !== this.pc) return;
    if (heard !== this.#heard || !this.expects()) {
      if (this.#heard >= 0 && heard > this.#heard) this.#patience = 1;
      this.#heard = heard;
      this.#heardAt = at;
    } else if (at - this.#heardAt > this.#silentFor * this.#patience) {
      this.#patience = Math.min(this.#patience * 2, 8);
      this.#again("lost");
    }
  }

  /** @param {LineState} state */
  #again(state) {
    if (!this.#wanted) return;
    this.#forget(false);
    this.#set(state);
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), pause);
  }

  /** @param {boolean} politely tell the server too */
  #forget(politely) {
    const pc = this.pc;
    this.pc = null;
    if (pc) {
      pc.onconnectionstatechange = null;
      pc.close();
    }
    if (this.#resource && politely) void end(this.#resource);
    if (politely) this.#resource = null;
  }

  /** @param {LineState} state */
  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.#onstate(state);
  }
}

/** @param {string} resource */
async function end(resource) {
  try {
    await fetch(resource, { method: "DELETE", keepalive: true });
  } catch {
    /* the server notices by itself */
  }
}

/** The slots of a room, seen and heard. */
export class Viewer extends Line {
  #slots;
  #onslot;
  #expects;

  /**
   * @param {object} options
   * @param {string} options.address
   * @param {number} options.slots how many pictures and sounds the room has
   * @param {(slot: number, video: MediaStreamTrack, audio: MediaStreamTrack) => void} options.onslot new tracks
   * @param {() => boolean} options.expects whether somebody can be seen or heard now
   * @param {(state: LineState) => void} options.onstate
   */
  constructor({ address, slots, onslot, expects, onstate }) {
    super({ address, silentFor: 2_000, onstate });
    this.#slots = slots;
    this.#onslot = onslot;
    this.#expects = expects;
  }

  expects() {
    return this.#expects();
  }

  /** @param {RTCPeerConnection} pc */
  prepare(pc) {
    const receive = (/** @type {string} */ kind) =>
      Array.from({ length: this.#slots }, () => pc.addTransceiver(kind, { direction: "recvonly" }).receiver.track);
    const videos = receive("video");
    const audios = receive("audio");
    videos.forEach((video, slot) => this.#onslot(slot, video, audios[slot]));
  }

  /** @param {RTCStatsReport} report */
  pulse(report) {
    return sum(report, "inbound-rtp", "bytesReceived");
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
        const heard = await kinds[1][slot].receiver.getStats();
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
   * @param {"camera" | "screen"} options.source
   * @param {(state: LineState) => void} options.onstate
   */
  constructor({ address, stream, source, onstate }) {
    super({ address, silentFor: 4_000, onstate });
    this.#stream = stream;
    this.#source = source;
  }

  /** @param {RTCPeerConnection} pc */
  prepare(pc) {
    const encoding = this.#source === "screen" ? { maxBitrate: 2_500_000, maxFramerate: 15 } : { maxBitrate: 1_800_000 };
    for (const track of this.#stream.getTracks()) {
      if (track.kind === "video") track.contentHint = this.#source === "screen" ? "detail" : "motion";
      pc.addTransceiver(track, {
        direction: "sendonly",
        streams: [this.#stream],
        sendEncodings: track.kind === "video" ? [encoding] : undefined,
      });
    }
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
