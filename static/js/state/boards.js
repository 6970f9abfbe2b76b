/** Boards: how far each room is, and which board the stage shows. What is typed on them is in `board.js`. */

/** @import {Snapshot} from "./types.js" */

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const boardFacts = {
  "board.marked": (snapshot, { room, light }) =>
    snapshot.boards
      ? { ...snapshot, boards: { ...snapshot.boards, lights: { ...snapshot.boards.lights, [room]: light } } }
      : snapshot,

  "board.shown": (snapshot, { board }) => ({ ...snapshot, board }),
};
