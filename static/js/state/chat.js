/** The chat of a session, or of a room: the newest messages. */

/** @import {Chat, ChatMessage, Snapshot} from "./types.js" */

const WINDOW = 100;

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const chatFacts = {
  "chat.said": (snapshot, { room, message, number }) =>
    inRoom(snapshot, room, (chat) => newest({ ...chat, last: Math.max(chat.last, number) }, message)),

  "chat.hidden": (snapshot, { room, message }) =>
    inRoom(snapshot, room, (chat) => ({ ...chat, messages: chat.messages.filter(({ key }) => key !== message) })),

  "chat.kept": (snapshot, { room, message }) => inRoom(snapshot, room, (chat) => newest(chat, message)),

  "chat.settings": (snapshot, { open }) => within(snapshot, (chat) => ({ ...chat, open })),

  "chat.muted": (snapshot, { muted }) => within(snapshot, (chat) => ({ ...chat, muted })),

  "chat.mutes": (snapshot, { people }) => within(snapshot, (chat) => ({ ...chat, mutes: people })),
};

/**
 * A room's chat after one more fact.
 *
 * @param {Chat} chat
 * @param {{name: string, body: any}} fact
 * @returns {Chat}
 */
export function chatAfter(chat, { name, body }) {
  if (!Object.hasOwn(chatFacts, name)) return chat;
  return chatFacts[name](/** @type {any} */ ({ chat }), body).chat ?? chat;
}

/**
 * Changes what is known of a chat, if it is this room's (null: the session's own).
 *
 * @param {Snapshot} snapshot
 * @param {string | null} room
 * @param {(chat: Chat) => Chat} change
 */
function inRoom(snapshot, room, change) {
  return snapshot.chat?.room === room ? within(snapshot, change) : snapshot;
}

/**
 * @param {Snapshot} snapshot
 * @param {(chat: Chat) => Chat} change
 * @returns {Snapshot}
 */
function within(snapshot, change) {
  return snapshot.chat ? { ...snapshot, chat: change(snapshot.chat) } : snapshot;
}

/**
 * @param {Chat} chat
 * @param {ChatMessage | null} message
 * @returns {Chat}
 */
function newest(chat, message) {
  const others = chat.messages.filter(({ key }) => key !== message?.key);
  const messages = (message === null ? others : [...others, message])
    .filter(({ number }) => number > chat.last - WINDOW)
    .toSorted((one, other) => one.number - other.number);
  return { ...chat, messages };
}
