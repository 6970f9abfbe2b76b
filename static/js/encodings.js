/**
 * In which layers a picture is sent (WebRTC section 5.2, RFC 8853). Smallest first.
 *
 * @typedef {object} Machine
 * @property {number} [cores] how many the browser tells of
 * @property {boolean} [saving] the person asked the browser to save data
 */

const LARGE = 1_800_000;
const MIDDLE = 500_000;
const SMALL = 150_000;
const WEAK_CORES = 2;
const LEAST_LINES = 360;

/**
 * A camera's picture: three layers, two on weak machines, one where there are too few lines to halve.
 *
 * @param {number | undefined} lines height of the picture
 * @param {Machine} machine
 * @returns {RTCRtpEncodingParameters[]}
 */
export function cameraEncodings(lines, { cores = 4, saving = false }) {
  if (lines !== undefined && lines < LEAST_LINES) return [layer("", 1, MIDDLE)];
  const small = cores <= WEAK_CORES || saving ? [] : [layer("q", 4, SMALL)];
  return [...small, layer("h", 2, MIDDLE), layer("f", 1, LARGE)];
}

/**
 * A screen stays sharp in each layer, text must be readable: the lower one moves more slowly instead.
 *
 * @returns {RTCRtpEncodingParameters[]}
 */
export function screenEncodings() {
  return [
    { ...layer("h", 1, 600_000), maxFramerate: 5 },
    { ...layer("f", 1, 2_500_000), maxFramerate: 15 },
  ];
}

/**
 * @param {string} rid
 * @param {number} scale
 * @param {number} bitrate bit/s at most
 * @returns {RTCRtpEncodingParameters}
 */
function layer(rid, scale, bitrate) {
  const encoding = { scaleResolutionDownBy: scale, maxBitrate: bitrate, scalabilityMode: "L1T1" };
  return rid ? { rid, ...encoding } : encoding;
}
