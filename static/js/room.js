/**
 * What this page knows: the snapshot, kept true by facts and signals, and the person's presence.
 *
 * @import {Snapshot} from "./state/types.js"
 * @import {ConnectionState} from "./protocol.js"
 */

import { address, keepName } from "./address.js";
import { setClock } from "./clock.js";
import { Protocol } from "./protocol.js";
import { apply, applySignal, belongsNow } from "./state/index.js";

class Room extends EventTarget {
  /** @type {Snapshot | null} */
  snapshot = null;
  /** @type {ConnectionState} */
  connection = "connecting";
  joined = false;
  revoked = false;
  /** Whether the server's pages are others by now than the one this page was born with. */
  outdated = false;
  /** @type {Protocol | null} */
  #protocol = null;
  #told = false;
  #going = false;
  #born = "";

  /** Takes the snapshot the page came with and starts listening. */
  open() {
    const data = document.getElementById("snapshot")?.textContent ?? "null";
    this.snapshot = JSON.parse(data);
    if (this.snapshot === null) return;
    setClock(this.snapshot.server.now, 900);
    keepName(this.snapshot.me.handle);
    this.#born = this.snapshot.server.version;
    this.joined = this.#remembered || document.body.dataset.here !== undefined;
    this.#listen();
  }

  #listen() {
    this.#protocol = new Protocol(
      { as: this.state.me.handle, session: this.state.session, numbers: () => this.state.numbers },
      {
        fact: (fact) => this.#set(apply(this.state, fact), fact),
        signal: (signal) => {
          this.dispatchEvent(new CustomEvent("signal", { detail: signal }));
          if (signal.name === "media" && signal.body.lost) this.dispatchEvent(new CustomEvent("restarted", { detail: signal.body.lost }));
          if (signal.name === "media" && signal.body.taken) this.dispatchEvent(new CustomEvent("taken", { detail: signal.body.taken }));
          this.#set(applySignal(this.state, signal));
        },
        snapshot: (snapshot) => this.#set(snapshot),
        greeted: () => {
          this.dispatchEvent(new Event("greeted"));
          void this.#returned();
        },
        restarted: () => this.dispatchEvent(new Event("restarted")),
        version: (version) => {
          this.outdated = version !== undefined && version !== this.#born;
          this.#tell();
        },
        bye: (reason) => this.#bye(reason),
        state: (state) => {
          this.connection = state;
          this.#tell();
        },
      },
    );
  }

  /** The snapshot, on pages that have one. */
  get state() {
    if (this.snapshot === null) throw new Error("this page has no snapshot");
    return this.snapshot;
  }

  get me() {
    return this.state.me;
  }

  /** The agenda item this page is about. */
  get item() {
    return this.state.agenda.find(({ key }) => key === this.state.session) ?? null;
  }

  get belongs() {
    return belongsNow(this.state.agenda);
  }

  get roundTrip() {
    return this.#protocol?.roundTrip ?? null;
  }

  /** @param {string} permission */
  may(permission) {
    return this.me.may.includes(permission);
  }

  /**
   * A command about this page's session.
   *
   * @param {string} name
   * @param {object} [body]
   */
  ask(name, body = {}) {
    return this.command(name, { session: this.state.session, ...body });
  }

  /**
   * @param {string} name
   * @param {object} [body]
   */
  async command(name, body = {}) {
    if (this.#protocol === null) throw new Error("this page has no connection");
    return this.#protocol.command(name, body);
  }

  /** Become present: what counts begins here. */
  async join() {
    await this.ask(this.#joins);
    this.#remember(true);
  }

  async leave() {
    this.#remember(false);
    await this.ask(this.#there ? "hall.leave" : "session.leave");
  }

  /**
   * Goes along to where the day goes on, present there as here.
   *
   * @param {string} key the session
   */
  follow(key) {
    if (this.joined) sessionStorage.setItem(`joined ${key} ${this.me.id}`, "yes");
    sessionStorage.removeItem(this.#memory);
    const stays = document.querySelector("conf-session, conf-in-hall, conf-venue") !== null;
    if (!stays || !this.#protocol) location.assign(address(this.way(key)));
    else if (!this.#going) void this.#go(key);
  }

  /** The page of another session that is to this one's like. @param {string} key */
  way(key) {
    const kind = location.pathname.split("/")[1];
    return `/${["hall", "venue", "overlay"].includes(kind) ? kind : "s"}/${key}`;
  }

  /** Whether this is the page of somebody in the hall: present there, not online. */
  get #there() {
    return document.body.dataset.presence === "hall";
  }

  get #joins() {
    return this.#there ? "hall.arrive" : "session.join";
  }

  /** What the line to the former session still says is nobody's business. */
  #hangUp() {
    const before = this.#protocol;
    if (before === null) return;
    before.on = { ...before.on, fact: () => {}, signal: () => {}, state: () => {}, snapshot: () => {} };
    before.close();
  }

  /**
   * Shows another session on the same page, so that sound goes on without a new press.
   *
   * @param {string} key
   */
  async #go(key) {
    this.#going = true;
    try {
      const before = this.state.session;
      const snapshot = await this.command("page.snapshot", { session: key });
      const way = this.way(key);
      this.#hangUp();
      if (way.startsWith("/s/")) {
        history.pushState(null, "", address(way));
        addEventListener("popstate", () => location.reload(), { once: true });
      } else {
        history.replaceState(null, "", address(way));
      }
      for (const link of document.querySelectorAll(".site-nav a")) {
        link.setAttribute("href", link.getAttribute("href")?.replace(`/${before}`, `/${key}`) ?? "");
      }
      document.title = `${snapshot.agenda.find((/** @type {any} */ item) => item.key === key)?.title} · ${snapshot.conference.title}`;
      this.snapshot = snapshot;
      this.joined = this.#remembered;
      this.#listen();
      this.dispatchEvent(new Event("moved"));
      this.#tell();
    } catch {
      if (document.querySelector("conf-venue") === null) location.assign(address(this.way(key)));
    }
    this.#going = false;
  }

  /**
   * Hears of every change, at most once in a turn of the loop.
   *
   * @param {() => void} listener
   * @returns {() => void} stops it
   */
  subscribe(listener) {
    this.addEventListener("change", listener);
    return () => this.removeEventListener("change", listener);
  }

  async #returned() {
    if (!this.joined) return;
    try {
      await this.ask(this.#joins);
    } catch {
      this.#remember(false);
    }
  }

  /** @param {string} reason */
  #bye(reason) {
    if (reason !== "revoked") return;
    this.revoked = true;
    this.connection = "offline";
    this.dispatchEvent(new Event("revoked"));
    this.#tell();
  }

  /**
   * @param {Snapshot} snapshot
   * @param {import("./state/types.js").Fact | null} [because]
   */
  #set(snapshot, because = null) {
    if (snapshot === this.snapshot) return;
    this.snapshot = snapshot;
    if (because) this.dispatchEvent(new CustomEvent("heard", { detail: because }));
    this.#tell();
  }

  #tell() {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      this.dispatchEvent(new Event("change"));
    });
  }

  get #memory() {
    return `joined ${this.state.session} ${this.me.id}`;
  }

  get #remembered() {
    return sessionStorage.getItem(this.#memory) !== null;
  }

  /** @param {boolean} joined */
  #remember(joined) {
    this.joined = joined;
    if (joined) sessionStorage.setItem(this.#memory, "yes");
    else sessionStorage.removeItem(this.#memory);
    this.#tell();
  }
}

export const room = new Room();
