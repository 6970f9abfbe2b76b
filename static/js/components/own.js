/** One's own pictures on this page: they are not sent back by the server but shown from here. */

import { room } from "../room.js";

/** @import {Entry} from "../state/types.js" */

/** @type {Map<string, HTMLVideoElement>} */
const videos = new Map();

/**
 * @param {string} source
 * @param {MediaStream | null} stream
 */
export function showOwn(source, stream) {
  const video = videos.get(source) ?? document.createElement("video");
  video.muted = video.autoplay = video.playsInline = true;
  video.srcObject = stream;
  video.play().catch(() => {});
  if (stream) videos.set(source, video);
  else videos.delete(source);
}

/**
 * @param {Entry} entry
 * @returns {HTMLVideoElement | null}
 */
export function ownVideo({ person, source }) {
  return person === room.me.id ? (videos.get(source) ?? null) : null;
}
