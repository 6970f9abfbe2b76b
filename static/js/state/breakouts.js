/** Working groups: the call to them, one's own place, what is known in one's room, what the moderation sees. */

/** @import {Breakouts, Group, Help, Message, Snapshot} from "./types.js" */

const MESSAGES = 50;

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const breakoutFacts = {
  "breakouts.called": (snapshot, { session, opens_at }) => {
    if (opens_at !== null) return { ...snapshot, call: { session, opens_at, staying: false } };
    return snapshot.call?.session === session ? { ...snapshot, call: null } : snapshot;
  },

  "breakouts.stayed": (snapshot, { session, staying }) => {
    const { call } = snapshot;
    return call && call.session === session ? { ...snapshot, call: { ...call, staying } } : snapshot;
  },

  "breakouts.changed": (snapshot, { round }) => within(snapshot, (groups) => ({ ...groups, round })),

  "breakouts.rooms": (snapshot, { rooms }) => within(snapshot, (groups) => ({ ...groups, rooms })),

  "breakouts.placed": (snapshot, { me, group }) => within(snapshot, (groups) => ({ ...groups, me, group })),

  "breakouts.people": (snapshot, { room, people }) => inRoom(snapshot, room, (group) => ({ ...group, people })),

  "breakouts.person": (snapshot, { room, person }) =>
    inRoom(snapshot, room, (group) => ({
      ...group,
      people: group.people.map((other) => (other.person === person.person ? person : other)),
    })),

  "breakouts.help": (snapshot, { room, help }) =>
    inRoom(onDesk(snapshot, (desk) => ({ ...desk, help: queue(desk.help, room, help) })), room, (group) => ({ ...group, help })),

  "breakouts.message": (snapshot, { room, message }) => {
    if (room === null) return within(snapshot, (groups) => ({ ...groups, messages: newest(groups.messages, message) }));
    const told = onDesk(snapshot, (desk) => ({ ...desk, messages: newest(desk.messages, message) }));
    return inRoom(told, room, (group) => ({ ...group, messages: newest(group.messages, message) }));
  },

  "breakouts.desk": (snapshot, { people }) =>
    onDesk(snapshot, (desk) => ({
      ...desk,
      people: desk.people.map((known) => people.find((/** @type {any} */ { person }) => person === known.person) ?? known),
    })),
};

/**
 * @param {Snapshot} snapshot
 * @param {(groups: Breakouts) => Breakouts} change
 * @returns {Snapshot}
 */
function within(snapshot, change) {
  return snapshot.breakouts ? { ...snapshot, breakouts: change(snapshot.breakouts) } : snapshot;
}

/**
 * Changes what is known in my room, if it is this one.
 *
 * @param {Snapshot} snapshot
 * @param {string} room
 * @param {(group: Group) => Group} change
 * @returns {Snapshot}
 */
function inRoom(snapshot, room, change) {
  return within(snapshot, (groups) => (groups.group?.key === room ? { ...groups, group: change(groups.group) } : groups));
}

/**
 * @param {Snapshot} snapshot
 * @param {(desk: import("./types.js").GroupDesk) => import("./types.js").GroupDesk} change
 * @returns {Snapshot}
 */
function onDesk(snapshot, change) {
  return within(snapshot, (groups) => (groups.desk ? { ...groups, desk: change(groups.desk) } : groups));
}

/**
 * @param {Help[]} calls
 * @param {string} room
 * @param {Help | null} call
 */
function queue(calls, room, call) {
  if (call === null) return calls.filter((other) => other.room !== room);
  return calls.some((other) => other.room === room)
    ? calls.map((other) => (other.room === room ? call : other))
    : [...calls, call];
}

/**
 * @param {Message[]} messages
 * @param {Message} message
 */
function newest(messages, message) {
  return [...messages, message].slice(-MESSAGES);
}
