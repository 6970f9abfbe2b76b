/** The chat of a session: the newest messages. */

/** @import {Chat, ChatMessage, Snapshot} from "./types.js" */

const WINDOW = 100;

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const chatFacts = {
  "chat.said": (snapshot, { message, number }) =>
    within(snapshot, (chat) => newest({ ...chat, last: Math.max(chat.last, number) }, message)),

  "chat.hidden": (snapshot, { message }) =>
    within(snapshot, (chat) => ({ ...chat, messages: chat.messages.filter(({ key }) => key !== message) })),

  "chat.kept": (snapshot, { message }) => within(snapshot, (chat) => newest(chat, message)),

  "chat.settings": (snapshot, { open }) => within(snapshot, (chat) => ({ ...chat, open })),

  "chat.muted": (snapshot, { muted }) => within(snapshot, (chat) => ({ ...chat, muted })),

  "chat.mutes": (snapshot, { people }) => within(snapshot, (chat) => ({ ...chat, mutes: people })),
};

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
