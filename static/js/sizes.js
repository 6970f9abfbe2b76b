/**
 * How large each picture is shown on this page, so that no larger one is sent. It is about the layout alone: the server
 * chooses a layer by it and keeps nothing.
 */

const SETTLED = 200;
const USUAL = 16 / 9;

/**
 * Physical pixels in height that a picture fills.
 *
 * @param {object} shown
 * @param {number} shown.width of the box, in CSS pixels
 * @param {number} shown.height
 * @param {number} shown.density physical pixels per CSS pixel
 * @param {number} [shown.ratio] width to height of the picture
 * @param {boolean} [shown.cover] whether it fills the box, its edges cut off
 */
export function pictureHeight({ width, height, density, ratio = USUAL, cover = true }) {
  const byWidth = width / ratio;
  return Math.round(Math.min((cover ? Math.max : Math.min)(height, byWidth) * density, 4320));
}

/** Watches videos, and tells their heights whenever they change. */
export class Sizes {
  #videos;
  #told;
  #seen = new Set();
  #timer = 0;
  #size = new ResizeObserver(() => this.#soon());
  #place = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) this.#seen[isIntersecting ? "add" : "delete"](target);
    this.#soon();
  });
  #now = () => this.tell();

  /**
   * @param {HTMLVideoElement[]} videos
   * @param {(heights: number[]) => void} told 0 for what is not on the screen
   */
  constructor(videos, told) {
    this.#videos = videos;
    this.#told = told;
  }

  start() {
    for (const video of this.#videos) {
      this.#size.observe(video);
      this.#place.observe(video);
    }
    document.addEventListener("visibilitychange", this.#now);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#size.disconnect();
    this.#place.disconnect();
    this.#seen.clear();
    document.removeEventListener("visibilitychange", this.#now);
  }

  /** Tells at once. */
  tell() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#told(this.#videos.map((video) => this.#height(video)));
  }

  #soon() {
    if (this.#timer === 0) this.#timer = setTimeout(() => this.tell(), SETTLED);
  }

  /** @param {HTMLVideoElement} video */
  #height(video) {
    if (document.hidden || !this.#seen.has(video)) return 0;
    const { width, height } = video.getBoundingClientRect();
    const ratio = video.videoHeight > 0 ? video.videoWidth / video.videoHeight : USUAL;
    const cover = getComputedStyle(video).objectFit === "cover";
    return pictureHeight({ width, height, density: devicePixelRatio, ratio, cover });
  }
}
