/**
 * The conversation with the server that docs/protocol.md writes down. Nothing else in these pages knows socket.io.
 *
 * @import {Fact, Signal, Snapshot} from "./state/types.js"
 * @typedef {"connecting" | "live" | "reconnecting" | "offline"} ConnectionState
 */

import { io } from "/static/vendor/socket.io/socket.io.esm.min.js";

import { setClock } from "./clock.js";

const ANSWER_WITHIN = 8_000;
const RETRY_WITHIN = 30_000;
const BEAT_EVERY = 3_000;
const BEAT_WITHIN = 3_000;
const OFFLINE_AFTER = 12_000;

/** Commands that mean the same when they arrive twice: sent again after a connection was lost. */
const REPEATABLE = new Set([
  "clock.read",
  "page.snapshot",
  "session.join",
  "session.leave",
  "session.people",
  "hall.arrive",
  "hall.leave",
  "stage.enter",
  "stage.leave",
  "stage.set_tracks",
  "poll.vote",
  "feedback.rate",
  "attendance.read",
  "pause.start",
  "pause.skip",
  "pause.back",
  "health.watch",
  "question.ask",
  "question.vote",
  "question.move",
  "question.edit",
  "question.merge",
  "question.pin",
  "question.settings",
  "direction.screen",
  "hand.raise",
  "hand.call",
  "hand.lower",
  "chat.say",
  "chat.hide",
  "chat.mute",
  "chat.settings",
  "chat.watch",
  "board.open",
  "board.write",
  "board.mark",
  "breakouts.wish",
  "breakouts.move",
  "breakouts.lock",
  "breakouts.resize",
  "breakouts.allow",
  "breakouts.choose",
  "breakouts.stay",
  "breakouts.enter",
  "breakouts.leave",
  "breakouts.visit",
  "breakouts.tracks",
  "breakouts.hand",
  "breakouts.help",
  "breakouts.helped",
]);

/** A command the server refused, or that could not be sent. */
export class CommandError extends Error {
  /** @param {{code: string, message: string, address?: string}} error */
  constructor({ code, message, address = "us" }) {
    super(message);
    this.code = code;
    this.address = address;
  }
}

export class Protocol {
  /** @type {ConnectionState} */
  state = "connecting";
  /** Round trip to the server in milliseconds, as last measured. @type {number | null} */
  roundTrip = null;

  #socket;
  #session;
  #greeted = false;
  #boot = "";
  /** @type {Fact[] | null} facts that wait for a snapshot */
  #held = [];
  /** @type {(() => void)[]} */
  #whenGreeted = [];
  #offlineTimer = 0;
  #over = false;
  #beats;

  /**
   * @param {object} options
   * @param {string | null} options.as handle of the person, where there are several
   * @param {string | null} options.session key of the session the page shows
   * @param {() => Record<string, number>} options.numbers newest known number of each stream
   * @param {object} on what the page wants to hear
   * @param {(fact: Fact) => void} on.fact
   * @param {(signal: Signal) => void} on.signal
   * @param {(snapshot: Snapshot) => void} on.snapshot
   * @param {() => void} on.greeted after each hello, the missed facts being told
   * @param {() => void} on.restarted the server is another one than before
   * @param {(version: string) => void} [on.version] of the server's pages, at each hello
   * @param {(reason: string) => void} on.bye
   * @param {(state: ConnectionState) => void} on.state
   */
  constructor({ as, session, numbers }, on) {
    this.#session = session;
    this.on = on;
    this.#socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 300,
      reconnectionDelayMax: 3_000,
      timeout: 6_000,
      auth: (answer) => answer({ as, session, since: numbers() }),
    });
    this.#listen();
    this.#beats = setInterval(() => void this.#beat(), BEAT_EVERY);
  }

  /**
   * Asks the server for something.
   *
   * @param {string} name
   * @param {object} [body]
   * @returns {Promise<any>} the result
   * @throws {CommandError}
   */
  async command(name, body = {}) {
    const giveUp = Date.now() + RETRY_WITHIN;
    for (;;) {
      await this.#greeting(giveUp);
      const answer = await this.#ask(name, body, ANSWER_WITHIN);
      if (answer?.ok) return answer.result;
      if (answer) throw new CommandError(answer.error);
      if (!REPEATABLE.has(name) || Date.now() > giveUp) throw lost();
    }
  }

  /** Hangs up for good. */
  close() {
    this.#over = true;
    clearInterval(this.#beats);
    this.#socket.disconnect();
  }

  #listen() {
    const socket = this.#socket;
    socket.on("hello", (hello) => void this.#greet(hello));
    socket.on("fact", (fact) => (this.#held === null ? this.on.fact(fact) : this.#held.push(fact)));
    socket.on("signal", (signal) => this.on.signal(signal));
    socket.on("resync", () => void this.#resync());
    socket.on("bye", ({ reason }) => this.#bye(reason));
    socket.on("disconnect", (reason) => {
      this.#lost();
      if (reason === "io server disconnect" && !this.#over) setTimeout(() => socket.connect(), 1_000);
    });
    socket.on("connect_error", (/** @type {Error & {data?: {address?: string}}} */ error) => {
      this.#lost();
      if (error.data?.address === "permission") this.#bye("revoked");
      if (!socket.active && !this.#over) setTimeout(() => socket.connect(), 3_000);
    });
    addEventListener("offline", () => this.#drop());
    addEventListener("online", () => {
      if (!socket.connected && !this.#over) socket.disconnect().connect();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.#beat();
    });
  }

  /** @param {{boot: string, version: string, now: string, facts: Fact[], resync?: boolean}} hello */
  async #greet({ boot, version, now, facts, resync }) {
    setClock(now, 400);
    this.on.version?.(version);
    const restarted = this.#boot !== "" && this.#boot !== boot;
    this.#boot = boot;
    this.#greeted = true;
    if (resync) {
      await this.#resync();
    } else {
      facts.forEach(this.on.fact);
      this.#release();
    }
    if (!this.#greeted) return;
    this.#setState("live");
    this.#whenGreeted.splice(0).forEach((go) => go());
    if (restarted) this.on.restarted();
    this.on.greeted();
    void this.#beat();
  }

  async #resync() {
    this.#held ??= [];
    const answer = await this.#ask("page.snapshot", { session: this.#session }, ANSWER_WITHIN);
    if (answer?.ok) {
      this.on.snapshot(answer.result);
      this.#release();
    } else {
      this.#drop();
    }
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    held.forEach(this.on.fact);
  }

  /** @param {string} reason */
  #bye(reason) {
    if (reason === "revoked") this.close();
    this.on.bye(reason);
  }

  #lost() {
    this.#greeted = false;
    this.#held = [];
    if (this.state === "live") this.#setState(navigator.onLine ? "reconnecting" : "offline");
  }

  /** The line is dead although nobody said so: hang up and call again. */
  #drop() {
    this.#lost();
    this.#socket.io.engine?.close();
  }

  async #beat() {
    if (!this.#greeted) return;
    const asked = performance.now();
    const answer = await this.#ask("clock.read", {}, BEAT_WITHIN);
    if (!this.#greeted) return;
    if (answer?.ok) {
      this.roundTrip = performance.now() - asked;
      setClock(answer.result.now, this.roundTrip);
    } else if (!answer) {
      this.#drop();
    }
  }

  /**
   * @param {string} name
   * @param {object} body
   * @param {number} within milliseconds
   * @returns {Promise<{ok: true, result: any} | {ok: false, error: any} | null>} null when no answer came
   */
  async #ask(name, body, within) {
    try {
      return await this.#socket.timeout(within).emitWithAck(name, body);
    } catch {
      return null;
    }
  }

  /** @param {number} giveUp */
  async #greeting(giveUp) {
    if (this.#greeted) return;
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(lost()), giveUp - Date.now());
      this.#whenGreeted.push(() => {
        clearTimeout(timer);
        resolve(undefined);
      });
    });
  }

  /** @param {ConnectionState} state */
  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    clearTimeout(this.#offlineTimer);
    if (state === "reconnecting") {
      this.#offlineTimer = setTimeout(() => this.#setState("offline"), OFFLINE_AFTER);
    }
    this.on.state(state);
  }
}

function lost() {
  return new CommandError({ code: "connection.lost", message: "Die Verbindung ist gerade unterbrochen." });
}
