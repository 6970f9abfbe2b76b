/**
 * A room's board: a Yjs document that is the same on every page of the room. Only this module knows Yjs.
 *
 * Typing is here at once and at the server a moment later. What the server has not confirmed is kept through lost
 * connections, and in this tab through reloads; what this page missed it asks for, whenever numbers have a gap.
 *
 * @typedef {"opening" | "saved" | "saving" | "waiting" | "closed"} BoardState
 * @import {BoardWriter} from "./state/types.js"
 */

import * as Y from "/static/vendor/yjs/yjs.js";

import { CommandError } from "./protocol.js";
import { room } from "./room.js";
import { editBetween, wellFormed } from "./typing.js";

const BATCH = 150;
const AGAIN = 1_500;
/** How long after it was closed a board is still sent; the server takes it as long. */
const LATE = 60_000;
const PAUSE_OF_POINTER = 250;
const REMOTE = Symbol("remote");
const LOCAL = Symbol("local");

/** Events: `arriving` (before others' letters come in), `change` (text of somebody), `writers`, `state`, `refused` (detail: the error; the text is the server's again). */
export class Board extends EventTarget {
  /** @type {BoardState} */
  state = "opening";
  /** Others who are writing. @type {BoardWriter[]} */
  writers = [];
  /** Whether remote letters wait, because somebody composes one here. */
  held = false;

  #key;
  #session = room.state.session;
  #doc = new Y.Doc();
  /** @type {Y.Text[]} */
  #texts = [];
  /** @type {Y.UndoManager[]} */
  #undo = [];
  #fields;
  #number = -1;
  /** @type {Uint8Array[]} */
  #pending = [];
  /** @type {Uint8Array[]} */
  #arrived = [];
  #unsaved = false;
  #sending = false;
  #opening = false;
  #over = false;
  #closing = false;
  #batch = 0;
  #pointerTimer = 0;
  #pointer = "";
  /** @type {{field: number | null, cursor: string}} */
  #pointed = { field: null, cursor: "" };
  #onsignal = (/** @type {Event} */ event) => this.#signalled(/** @type {CustomEvent} */ (event).detail);
  #ongreeted = () => void this.#open();
  #onleaving = () => this.#keep();

  /**
   * @param {string} key the room's
   * @param {number} fields
   */
  constructor(key, fields) {
    super();
    this.#key = key;
    this.#fields = fields;
    this.#make();
    const kept = sessionStorage.getItem(this.#memory);
    if (kept !== null) this.#restore(kept);
    room.addEventListener("signal", this.#onsignal);
    room.addEventListener("greeted", this.#ongreeted);
    addEventListener("pagehide", this.#onleaving);
    void this.#open();
  }

  /** Nobody looks at it any more. What is not yet at the server is still sent: a closing sentence is not cut. */
  close() {
    this.#keep();
    clearTimeout(this.#pointerTimer);
    removeEventListener("pagehide", this.#onleaving);
    if (!this.#unsaved || this.state === "closed") return this.#end();
    this.#closing = true;
    setTimeout(() => this.#end(), LATE);
    void this.#send();
  }

  /** Whether what was closed has been sent, or is given up. */
  #settled() {
    if (this.#closing && (!this.#unsaved || this.state === "closed")) this.#end();
    return this.#over;
  }

  #end() {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#batch);
    room.removeEventListener("signal", this.#onsignal);
    room.removeEventListener("greeted", this.#ongreeted);
    void this.#ask("close", {}).catch(() => {});
    this.#doc.destroy();
  }

  /** @param {number} field */
  text(field) {
    return this.#texts[field].toString();
  }

  /**
   * Takes over what a person made of a field.
   *
   * @param {number} field
   * @param {string} shown what stood there before
   * @param {string} value
   * @param {number} cursor
   */
  type(field, shown, value, cursor) {
    const edit = editBetween(shown, wellFormed(value), cursor);
    if (edit === null) return;
    const text = this.#texts[field];
    this.#doc.transact(() => {
      if (edit.removed > 0) text.delete(edit.at, edit.removed);
      if (edit.added !== "") text.insert(edit.at, edit.added);
    }, LOCAL);
  }

  /** Takes one's own last edit back, nobody else's. @param {number} field */
  undo(field) {
    this.#undo[field].undo();
  }

  /** @param {number} field */
  redo(field) {
    this.#undo[field].redo();
  }

  /**
   * A place that stays beside its letter, whatever is typed before it.
   *
   * @param {number} field
   * @param {number} at
   */
  mark(field, at) {
    return Y.createRelativePositionFromTypeIndex(this.#texts[field], at, -1);
  }

  /**
   * @param {Y.RelativePosition} mark
   * @returns {number}
   */
  place(mark) {
    return Y.createAbsolutePositionFromRelativePosition(mark, this.#doc)?.index ?? 0;
  }

  /** Where somebody else writes in a field, or null when this page does not know the letter yet. @param {BoardWriter} writer */
  placeOf({ field, cursor }) {
    try {
      const found = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(fromText(cursor)), this.#doc);
      return found !== null && found.type === this.#texts[field] ? found.index : null;
    } catch {
      return null;
    }
  }

  /**
   * Tells the others where this person writes.
   *
   * @param {number | null} field
   * @param {number} [at]
   */
  point(field, at = 0) {
    const cursor = field === null ? "" : toText(Y.encodeRelativePosition(this.mark(field, at)));
    this.#pointed = { field, cursor };
    if (this.#pointerTimer === 0) this.#pointerTimer = setTimeout(() => void this.#tellPointer(), PAUSE_OF_POINTER);
  }

  async #tellPointer() {
    this.#pointerTimer = 0;
    const now = JSON.stringify(this.#pointed);
    if (now === this.#pointer || this.#number < 0 || this.#over) return;
    this.#pointer = now;
    await this.#ask("point", { room: this.#key, ...this.#pointed }).catch(() => (this.#pointer = ""));
  }

  /** Somebody composes a letter (an accent, a syllable): nothing may change beneath it. @param {boolean} held */
  hold(held) {
    this.held = held;
    if (!held) this.#take();
  }

  #make() {
    this.#doc = new Y.Doc();
    this.#texts = Array.from({ length: this.#fields }, (_, index) => this.#doc.getText(`field-${index}`));
    this.#undo = this.#texts.map((text) => new Y.UndoManager(text, { trackedOrigins: new Set([LOCAL]), captureTimeout: 600 }));
    this.#doc.on("update", (update, origin) => {
      if (origin !== REMOTE) this.#typed(update);
      this.dispatchEvent(new Event("change"));
    });
  }

  /** @param {Uint8Array} update */
  #typed(update) {
    this.#pending.push(update);
    this.#unsaved = true;
    this.#set(this.#number < 0 ? this.state : "saving");
    if (this.#batch === 0) this.#batch = setTimeout(() => void this.#send(), BATCH);
  }

  async #send() {
    clearTimeout(this.#batch);
    this.#batch = 0;
    if (this.#sending || this.#opening || this.#number < 0 || this.#pending.length === 0) return;
    const update = Y.mergeUpdates(this.#pending);
    this.#pending = [];
    this.#sending = true;
    try {
      await this.#ask("write", { room: this.#key, update: toText(update) });
      this.#sending = false;
      if (this.#over) return;
      if (this.#pending.length > 0) return void this.#send();
      this.#unsaved = false;
      sessionStorage.removeItem(this.#memory);
      this.#set("saved");
      this.#settled();
    } catch (error) {
      this.#sending = false;
      if (!this.#over) this.#failed(error);
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    const code = error instanceof CommandError ? error.code : "";
    if (code === "connection.lost") return this.#set("waiting"); // it is sent when the server greets again
    if (["board.gap", "rate_limited", "internal"].includes(code)) {
      this.#set("waiting");
      setTimeout(() => void this.#open(), AGAIN);
      return;
    }
    this.#discard();
    if (this.#settled()) return;
    this.dispatchEvent(new CustomEvent("refused", { detail: error }));
    void this.#open();
  }

  /** What was refused for good is given up, and the server's board is taken. */
  #discard() {
    this.#doc.destroy();
    this.#make();
    [this.#pending, this.#arrived, this.#unsaved, this.#number] = [[], [], false, -1];
    sessionStorage.removeItem(this.#memory);
  }

  /** Brings page and server together: what the one has and the other lacks, in both directions. */
  async #open() {
    if (this.#opening || this.#over) return;
    this.#opening = true;
    try {
      const known = toText(Y.encodeStateVector(this.#doc));
      const { number, update, state } = await this.#ask("open", { room: this.#key, state: known });
      if (this.#over) return;
      this.#number = number;
      this.#pointer = "";
      this.#arrive(fromText(update));
      if (this.#unsaved) this.#pending = [Y.encodeStateAsUpdate(this.#doc, fromText(state))];
      this.#set(this.#unsaved ? "saving" : "saved");
    } catch (error) {
      const code = error instanceof CommandError ? error.code : "";
      const gone = ["board.foreign", "not_allowed", "not_found"].includes(code);
      this.#set(gone ? "closed" : "waiting");
      if (this.#settled()) return;
      if (!gone && code !== "connection.lost") setTimeout(() => void this.#open(), AGAIN);
    } finally {
      this.#opening = false;
    }
    void this.#send();
    void this.#tellPointer();
  }

  /**
   * The page may have gone on to another session meanwhile.
   *
   * @param {string} name
   * @param {object} body
   */
  #ask(name, body) {
    return room.command(`board.${name}`, { session: this.#session, ...body });
  }

  /** @param {{name: string, body: any}} signal */
  #signalled({ name, body }) {
    if (body?.room !== this.#key || body.session !== this.#session) return;
    if (name === "writers") {
      this.writers = body.who.filter((/** @type {BoardWriter} */ { person }) => person !== room.me.id);
      this.dispatchEvent(new Event("writers"));
    } else if (name === "board") {
      this.#arrive(fromText(body.update));
      if (this.#number >= 0 && body.after > this.#number) void this.#open();
      this.#number = this.#number < 0 ? -1 : Math.max(this.#number, body.number);
    }
  }

  /** @param {Uint8Array} update */
  #arrive(update) {
    this.#arrived.push(update);
    if (!this.held) this.#take();
  }

  #take() {
    const arrived = this.#arrived;
    this.#arrived = [];
    this.dispatchEvent(new Event("arriving"));
    for (const update of arrived) Y.applyUpdate(this.#doc, update, REMOTE);
  }

  get #memory() {
    return `board ${this.#session} ${this.#key} ${room.me.id}`;
  }

  #keep() {
    if (this.#unsaved) sessionStorage.setItem(this.#memory, toText(Y.encodeStateAsUpdate(this.#doc)));
  }

  /** @param {string} kept */
  #restore(kept) {
    try {
      Y.applyUpdate(this.#doc, fromText(kept), REMOTE);
      this.#unsaved = true;
    } catch {
      sessionStorage.removeItem(this.#memory);
    }
  }

  /** @param {BoardState} state */
  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

/** @param {Uint8Array} bytes */
function toText(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} text */
function fromText(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
