/**
 * ICE in text: who helps (RFC 9725 section 4.6); the fragment that asks for a restart, and the answer it leads to (RFC 9725
 * section 4.3.3, RFC 8840).
 */

/**
 * The TURN servers that an answer names in its `Link` headers (RFC 9725 section 4.6).
 *
 * @param {string | null} link
 * @returns {RTCIceServer[]}
 */
export function serversIn(link) {
  const named = /<(turns?:[^>]+)>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"/g;
  return [...(link ?? "").matchAll(named)].map(([, urls, username, credential]) => ({ urls, username, credential }));
}

/**
 * What an offer says of its ICE session, as a fragment.
 *
 * @param {string} offer
 */
export function fragmentOf(offer) {
  const lines = offer.split(/\r?\n/);
  const said = (/** @type {string} */ start) => lines.find((line) => line.startsWith(start));
  const wanted = ["a=group:BUNDLE", "m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:"].map(said);
  return [...wanted.filter(Boolean), ""].join("\r\n");
}

/**
 * The description that holds, with the server's new ICE credentials and candidates in every m-line that has any.
 *
 * @param {string} description
 * @param {string} fragment the server's answer
 */
export function restarted(description, fragment) {
  const fresh = fragment.split(/\r?\n/).filter((line) => /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)/.test(line));
  const [credentials, candidates] = [true, false].map((wanted) => fresh.filter((line) => line.startsWith("a=ice-") === wanted));
  const sections = description.split(/^(?=m=)/m).map((section) => renewed(section, credentials, candidates));
  return sections.join("");
}

/**
 * @param {string} section
 * @param {string[]} credentials
 * @param {string[]} candidates
 */
function renewed(section, credentials, candidates) {
  const lines = section.split(/\r?\n/).filter(Boolean);
  const kept = lines.filter((line) => !/^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)/.test(line));
  if (kept.length === lines.length) return section;
  const had = lines.some((line) => line.startsWith("a=candidate"));
  return [...kept, ...credentials, ...(had ? candidates : []), ""].join("\r\n");
}
