/**
 * One connection for media, and its repair. Only this module and `media.js` know WebRTC.
 *
 * A line repairs itself: when the network changes or fails it takes another way (ICE restart) and keeps its session;
 * when that does not help, or the server no longer knows the session, it is made anew. The person presses nothing.
 *
 * @typedef {"idle" | "connecting" | "connected" | "lost" | "refused"} LineState
 * @typedef {"stage" | "backstage" | "foldback" | "group" | "camera" | "screen" | "talkback"} Carried
 * @import {Reading} from "./report.js"
 */

import { fragmentOf, restarted, serversIn } from "./ice.js";
import { read } from "./report.js";

const CONNECT_WITHIN = 5_000;
const PATCH_WITHIN = 2_000;
/** The first try may come before the browser itself has seen that its network is back. */
const JOIN_WITHIN = [1_000, 2_000];
const REPAIRED_FOR = 5_000;
const LOOK_EVERY = 500;
const LOOK_CLOSELY = 50;
const DISCONNECTED_FOR = 1_200;
const PAUSES = [200, 600, 1_200, 2_000, 3_000];
const READINGS = 11;

/** The lines of this page that are wanted now; `change` tells of them and of their states. */
export const lines = new (class extends EventTarget {
  /** @type {Set<Line>} */
  all = new Set();

  /** @param {Line} line @param {boolean} [there] */
  changed(line, there = true) {
    if (there) this.all.add(line);
    else this.all.delete(line);
    this.dispatchEvent(new Event("change"));
  }
})();

/** Servers that help where the direct way is shut, as the newest answer named them. @type {RTCIceServer[] | null} */
let helpers = null;

/** @returns {RTCIceServer[]} those, or as they came with the page */
function iceServers() {
  return helpers ?? JSON.parse(document.getElementById("ice-servers")?.textContent ?? "[]");
}

/** What helps is opened by credentials that expire; each answer brings new ones. @param {Response} response */
function renewHelpers(response) {
  const named = serversIn(response.headers.get("Link"));
  if (named.length > 0) helpers = named;
}

/** One peer connection to the server and its replacement, as often as needed. */
export class Line {
  /** @type {LineState} */
  state = "idle";
  /** How often the line was made. */
  attempts = 0;
  /** How often it took another way and stayed the same. */
  repairs = 0;
  /** @type {RTCPeerConnection | null} */
  pc = null;
  /** Whether the browser waits for a press before it plays sound. */
  blocked = false;
  /** What arrived and went in the last seconds, oldest first. @type {Reading[]} */
  readings = [];
  /** @type {Carried} */
  carries;
  /** Where the server knows this session. @type {string | null} */
  resource = null;

  #address;
  #onstate;
  #silentFor;
  #failures = 0;
  #looking = 0;
  #retry = 0;
  #wanted = false;
  #heard = -1;
  #heardAt = 0;
  #brokenSince = 0;
  #begunAt = 0;
  #patience = 1;
  #repairing = false;
  #turn = 0;
  #asking = new AbortController();
  #repairedAt = -Infinity;
  #network = networkType();

  /**
   * @param {object} options
   * @param {string} options.address where the offer goes
   * @param {Carried} options.carries
   * @param {number} options.silentFor milliseconds without a sign of life after which the line is repaired
   * @param {(state: LineState) => void} options.onstate
   */
  constructor({ address, carries, silentFor, onstate }) {
    this.#address = address;
    this.carries = carries;
    this.#silentFor = silentFor;
    this.#onstate = onstate;
    this.online = () => this.repair();
    this.moved = () => this.#moved();
    this.leaving = () => this.#forget(true);
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    addEventListener("online", this.online);
    addEventListener("pagehide", this.leaving);
    network()?.addEventListener("change", this.moved);
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY);
    lines.changed(this);
    void this.#connect();
  }

  stop() {
    this.#wanted = false;
    removeEventListener("online", this.online);
    removeEventListener("pagehide", this.leaving);
    network()?.removeEventListener("change", this.moved);
    clearInterval(this.#looking);
    clearTimeout(this.#retry);
    this.#forget(true);
    this.#set("idle");
    lines.changed(this, false);
  }

  /** Makes the line anew at once. */
  restart() {
    if (!this.#wanted) return;
    this.#failures = 0;
    this.#again("lost");
  }

  /**
   * Makes the line anew if the server lost it.
   *
   * @param {string[] | null} [resources] the ids that are lost; null: all
   */
  lost(resources = null) {
    if (resources === null || resources.includes(this.id)) this.restart();
  }

  /**
   * Ends the line if the person sends from another page now.
   *
   * @param {string[]} resources the ids that were replaced
   * @returns {boolean} whether it was this one
   */
  taken(resources) {
    const mine = this.id !== "" && resources.includes(this.id);
    if (mine) this.stop();
    return mine;
  }

  /** Takes another way through the network, and keeps the session. */
  repair() {
    if (!this.#wanted) return;
    this.#failures = 0;
    if (this.resource && this.pc?.remoteDescription) void this.#repair();
    else this.#again("lost");
  }

  /** The id under which the server knows this session, "" while it does not. */
  get id() {
    return this.resource?.split("?")[0].split("/").at(-1) ?? "";
  }

  /**
   * Adds tracks or transceivers to a new connection.
   *
   * @param {RTCPeerConnection} _pc
   */
  prepare(_pc) {}

  /**
   * The server has answered.
   *
   * @param {RTCPeerConnection} _pc
   */
  async answered(_pc) {}

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
    const pc = new RTCPeerConnection({ iceServers: iceServers(), bundlePolicy: "max-bundle" });
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
    this.resource = resource;
    renewHelpers(response);
    await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
    if (pc === this.pc) await this.answered(pc);
  }

  /** @param {RTCPeerConnection} pc */
  #changed(pc) {
    if (pc !== this.pc) return;
    if (pc.connectionState === "closed") return this.#again("lost");
    if (this.#repairing) return;
    if (pc.connectionState === "connected") {
      this.#well();
    } else if (pc.connectionState === "failed") {
      this.#trouble();
    } else if (pc.connectionState === "disconnected") {
      this.#brokenSince = performance.now();
    }
  }

  #well() {
    this.#failures = 0;
    this.#brokenSince = 0;
    this.#heard = -1;
    this.#set("connected");
  }

  /** Another network carries this page now. Some browsers tell of mere guesses at its speed by the same event. */
  #moved() {
    const type = networkType();
    if (type !== this.#network && type !== "none" && this.state === "connected") this.repair();
    this.#network = type;
  }

  async #look() {
    const pc = this.pc;
    if (pc === null || this.#repairing) return;
    const at = performance.now();
    if (this.state !== "connected") {
      if (at - this.#begunAt > CONNECT_WITHIN) this.#again("lost");
      return;
    }
    if (this.#brokenSince > 0 && at - this.#brokenSince > DISCONNECTED_FOR) return this.#trouble();
    const report = await pc.getStats();
    if (pc !== this.pc || this.#repairing) return;
    this.readings = [...this.readings, read(report, at, offersUdp(pc))].slice(-READINGS);
    const heard = this.pulse(report);
    if (heard !== this.#heard || !this.expects()) {
      if (this.#heard >= 0 && heard > this.#heard) this.#patience = 1;
      this.#heard = heard;
      this.#heardAt = at;
    } else if (at - this.#heardAt > this.#silentFor * this.#patience) {
      this.#patience = Math.min(this.#patience * 2, 8);
      this.#trouble();
    }
  }

  /** Nothing goes through. A way that was just changed is not the trouble. */
  #trouble() {
    if (performance.now() - this.#repairedAt > REPAIRED_FOR && this.resource) void this.#repair();
    else this.#again("lost");
  }

  /** @param {number} [tries] made so far @returns {Promise<void>} */
  async #repair(tries = 0) {
    const [pc, resource] = [this.pc, this.resource];
    if (pc === null || resource === null) return;
    clearTimeout(this.#retry);
    this.#repairing = true;
    const turn = (this.#turn += 1);
    const over = () => turn !== this.#turn || pc !== this.pc;
    this.#set("lost");
    const before = await ways(pc);
    const answer = await this.#patch(pc, resource).catch(() => null);
    if (over()) return;
    if (answer === null) return this.#later(() => void this.#repair());
    const joined = answer.ok && (await this.#joins(pc, answer, before, over, JOIN_WITHIN[tries]));
    if (over()) return;
    if (!joined) return answer.ok && tries + 1 < JOIN_WITHIN.length ? this.#repair(tries + 1) : this.#again("lost", true);
    this.#repairing = false;
    this.#repairedAt = performance.now();
    this.repairs += 1;
    this.#well();
  }

  /**
   * Asks for a new ICE session within the same one of media.
   *
   * @param {RTCPeerConnection} pc
   * @param {string} resource
   */
  async #patch(pc, resource) {
    this.#asking.abort(); // of two requests under way the server might answer the older one last
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    pc.restartIce();
    await pc.setLocalDescription();
    return fetch(resource, {
      method: "PATCH",
      headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" },
      body: fragmentOf(pc.localDescription?.sdp ?? ""),
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATCH_WITHIN)]),
    });
  }

  /**
   * Whether a way opens that was not there before.
   *
   * @param {RTCPeerConnection} pc
   * @param {Response} answer
   * @param {string[]} before
   * @param {() => boolean} over
   * @param {number} within milliseconds
   */
  async #joins(pc, answer, before, over, within) {
    const until = performance.now() + within;
    try {
      const sdp = restarted(pc.currentRemoteDescription?.sdp ?? "", await answer.text());
      await pc.setRemoteDescription({ type: "answer", sdp });
    } catch {
      return false;
    }
    while (!over() && performance.now() < until) {
      if ((await ways(pc)).some((way) => !before.includes(way))) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_CLOSELY));
    }
    return false;
  }

  /**
   * @param {LineState} state
   * @param {boolean} [atOnce]
   */
  #again(state, atOnce = false) {
    if (!this.#wanted) return;
    this.#forget(false);
    this.#set(state);
    if (atOnce) void this.#connect();
    else this.#later(() => void this.#connect());
  }

  /** @param {() => void} what */
  #later(what) {
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(what, pause);
  }

  /** @param {boolean} politely tell the server too */
  #forget(politely) {
    const pc = this.pc;
    this.pc = null;
    this.#repairing = false;
    this.readings = [];
    if (pc) {
      pc.onconnectionstatechange = null;
      pc.close();
    }
    if (this.resource && politely) void end(this.resource);
    if (politely) this.resource = null;
  }

  /** @param {LineState} state */
  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.#onstate(state);
    if (this.#wanted) lines.changed(this);
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

/**
 * Ids of the candidate pairs that work.
 *
 * @param {RTCPeerConnection} pc
 */
async function ways(pc) {
  /** @type {string[]} */
  const found = [];
  (await pc.getStats()).forEach((entry) => {
    if (entry.type === "candidate-pair" && entry.state === "succeeded" && entry.nominated) found.push(entry.id);
  });
  return found;
}

/** @param {RTCPeerConnection} pc */
const offersUdp = (pc) => /^a=candidate:\S+ \d+ udp /im.test(pc.remoteDescription?.sdp ?? "");

/** @returns {(EventTarget & {type?: string}) | undefined} */
function network() {
  return /** @type {any} */ (navigator).connection;
}

const networkType = () => network()?.type ?? "";
