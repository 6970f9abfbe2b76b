/**
 * Where the words of a cloud stand: the most frequent in the middle, none over another, each where it was before if it
 * can be. No DOM.
 *
 * @typedef {{word: string, n: number}} Counted
 * @typedef {{word: string, size: number, x: number, y: number, width: number, height: number}} Placed centre and box in
 *   pixels from the upper left corner
 */

const LARGEST = 0.24;
const SMALLEST = 0.45;
const LINE = 1.06;
const STEP = 0.045;
const TURNS = 26;
/** Between two words, in shares of their letters' size. */
const AIR = 0.14;
const TRIES = 24;
const TIGHTER = 0.93;

/**
 * Letters as large as the box allows all words to stand in it; the rarest are left out where even small ones do not fit.
 *
 * @param {Counted[]} words
 * @param {{width: number, height: number}} box pixels
 * @param {(word: string) => number} widthOf of a word in letters of one pixel
 * @param {Map<string, {x: number, y: number}>} [before] where words stood, in shares of the box
 * @returns {Placed[]}
 */
export function layOut(words, box, widthOf, before = new Map()) {
  const sorted = words.toSorted((one, other) => other.n - one.n || (one.word < other.word ? -1 : 1));
  if (sorted.length === 0 || box.width < 1 || box.height < 1) return [];
  const most = sorted[0].n;
  /** @type {Placed[]} */
  let best = [];
  for (let tries = 0, size = box.height * LARGEST; tries < TRIES; tries++, size *= TIGHTER) {
    const placed = placeAll(sorted, box, (n) => size * (SMALLEST + (1 - SMALLEST) * Math.sqrt(most > 1 ? (n - 1) / (most - 1) : 0.5)), widthOf, before);
    if (placed.length > best.length) best = placed;
    if (placed.length === sorted.length) break;
  }
  return best;
}

/**
 * @param {Counted[]} sorted
 * @param {{width: number, height: number}} box
 * @param {(n: number) => number} sizeOf
 * @param {(word: string) => number} widthOf
 * @param {Map<string, {x: number, y: number}>} before
 */
function placeAll(sorted, box, sizeOf, widthOf, before) {
  /** @type {Placed[]} */
  const placed = [];
  for (const { word, n } of sorted) {
    const size = sizeOf(n);
    const [width, height] = [widthOf(word) * size, LINE * size];
    const stood = before.get(word);
    const from = stood ? { x: stood.x * box.width, y: stood.y * box.height } : { x: box.width / 2, y: box.height / 2 };
    const found = findPlace({ word, size, width, height, ...from }, box, placed);
    if (found) placed.push(found);
  }
  return placed;
}

/**
 * The free place nearest to where a word would like to stand, along a spiral as wide as the box.
 *
 * @param {Placed} wish
 * @param {{width: number, height: number}} box
 * @param {Placed[]} placed
 * @returns {Placed | null}
 */
function findPlace(wish, box, placed) {
  const [wide, high] = [box.width / TURNS, box.height / TURNS];
  for (let turn = 0; turn <= TURNS; turn += STEP) {
    const angle = turn * 2 * Math.PI;
    const tried = { ...wish, x: wish.x + wide * turn * Math.cos(angle), y: wish.y + high * turn * Math.sin(angle) };
    if (inside(tried, box) && placed.every((other) => apart(tried, other))) return tried;
  }
  return null;
}

/**
 * @param {Placed} one
 * @param {{width: number, height: number}} box
 */
function inside({ x, y, width, height }, box) {
  return x - width / 2 >= 0 && x + width / 2 <= box.width && y - height / 2 >= 0 && y + height / 2 <= box.height;
}

/**
 * @param {Placed} one
 * @param {Placed} other
 */
function apart(one, other) {
  const air = AIR * Math.min(one.size, other.size);
  return (
    Math.abs(one.x - other.x) >= (one.width + other.width) / 2 + 2 * air || Math.abs(one.y - other.y) >= (one.height + other.height) / 2 + air / 2
  );
}
