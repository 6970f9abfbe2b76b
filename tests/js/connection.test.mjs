import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { cameraEncodings, screenEncodings } from "../../static/js/encodings.js";
import { fragmentOf, restarted, serversIn } from "../../static/js/ice.js";
import { browserName, health, read, report, sentence, worst } from "../../static/js/report.js";
import { capped } from "../../static/js/saving.js";
import { pictureHeight } from "../../static/js/sizes.js";

const texts = JSON.parse(readFileSync(new URL("../../static/i18n/de.json", import.meta.url), "utf8").replaceAll("\u00a0", " "));
const t = (key, values = {}) => {
  assert.ok(key in texts, key);
  return texts[key].replace(/\{(\w+)\}/g, (whole, name) => {
    assert.ok(name in values, `${key}: ${name}`);
    return String(values[name]);
  });
};

describe("layers of a camera", () => {
  const shape = (encodings) => encodings.map(({ rid, scaleResolutionDownBy, maxBitrate }) => [rid, scaleResolutionDownBy, maxBitrate]);

  it("are three, smallest first", () => {
    const three = [["q", 4, 150_000], ["h", 2, 500_000], ["f", 1, 1_800_000]];
    assert.deepEqual(shape(cameraEncodings(720, { cores: 8 })), three);
    assert.deepEqual(shape(cameraEncodings(undefined, {})), three);
  });

  it("are two on a weak machine, and where data are saved", () => {
    const two = [["h", 2, 500_000], ["f", 1, 1_800_000]];
    assert.deepEqual(shape(cameraEncodings(720, { cores: 2 })), two);
    assert.deepEqual(shape(cameraEncodings(720, { cores: 8, saving: true })), two);
  });

  it("are one, without a name, where the picture is small", () => {
    assert.deepEqual(shape(cameraEncodings(240, { cores: 8 })), [[undefined, 1, 500_000]]);
    assert.equal(cameraEncodings(360, { cores: 8 }).length, 3);
  });
});

describe("layers of a screen", () => {
  it("all have every line: the lower one moves more slowly", () => {
    const [slow, full] = screenEncodings();
    assert.deepEqual([slow.rid, slow.scaleResolutionDownBy, slow.maxFramerate, slow.maxBitrate], ["h", 1, 5, 600_000]);
    assert.deepEqual([full.rid, full.scaleResolutionDownBy, full.maxFramerate, full.maxBitrate], ["f", 1, 15, 2_500_000]);
  });
});

describe("TURN servers", () => {
  const link = (url) => `<${url}>; rel="ice-server"; username="1781723400:9f86"; credential="a+b/c="; credential-type="password"`;
  const server = (urls) => ({ urls, username: "1781723400:9f86", credential: "a+b/c=" });

  it("are named by the answer's Link headers, which fetch joins", () => {
    const urls = ["turn:t.example:3478?transport=udp", "turns:[2001:db8::7]:5349"];
    assert.deepEqual(serversIn(urls.map(link).join(", ")), urls.map(server));
  });

  it("are none where nothing or something else is named", () => {
    assert.deepEqual(serversIn(null), []);
    assert.deepEqual(serversIn('</media/x>; rel="ext"'), []);
    assert.deepEqual(serversIn(link("https://evil.example")), []);
  });
});

describe("an ICE restart", () => {
  const offer = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\nm=video 9 X 96\r\na=mid:1\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\n";
  const description = "v=0\r\na=ice-lite\r\nm=audio 5000 X 111\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=setup:passive\r\na=candidate:1 old\r\na=end-of-candidates\r\nm=video 5000 X 96\r\na=mid:1\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=rtcp-mux\r\nm=video 0 X 96\r\na=inactive\r\n";
  const answer = "a=ice-lite\r\na=ice-ufrag:fresh\r\na=ice-pwd:password\r\na=candidate:1 new\r\na=candidate:2 new\r\na=end-of-candidates\r\n";

  it("is asked for in a fragment with the first m-line's session", () => {
    assert.equal(fragmentOf(offer), "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\n");
  });

  it("changes credentials and candidates alone", () => {
    const credentials = "a=ice-ufrag:fresh\r\na=ice-pwd:password\r\n";
    assert.equal(
      restarted(description, answer),
      `v=0\r\na=ice-lite\r\nm=audio 5000 X 111\r\na=mid:0\r\na=setup:passive\r\n${credentials}a=candidate:1 new\r\na=candidate:2 new\r\na=end-of-candidates\r\n` +
        `m=video 5000 X 96\r\na=mid:1\r\na=rtcp-mux\r\n${credentials}m=video 0 X 96\r\na=inactive\r\n`,
    );
  });

  it("leaves nothing to join by when the server gave no new session", () => {
    assert.doesNotMatch(restarted(description, ""), /ice-ufrag/);
  });
});

describe("sizes", () => {
  it("are physical pixels of the picture, not of its box", () => {
    assert.equal(pictureHeight({ width: 640, height: 360, density: 1 }), 360);
    assert.equal(pictureHeight({ width: 640, height: 360, density: 2 }), 720);
    assert.equal(pictureHeight({ width: 640, height: 200, density: 1 }), 360);
    assert.equal(pictureHeight({ width: 640, height: 200, density: 1, cover: false }), 200);
    assert.equal(pictureHeight({ width: 320, height: 400, density: 1, ratio: 4 / 3, cover: false }), 240);
    assert.equal(pictureHeight({ width: 16_000, height: 9_000, density: 2 }), 4320);
  });

  it("are small, or nothing, where data are saved", () => {
    assert.deepEqual([capped(720, "all"), capped(720, "small"), capped(90, "small"), capped(720, "sound")], [720, 180, 90, 0]);
  });
});

/** Entries of getStats as Chromium gives them, after so many seconds. */
function stats(seconds, { protocol = "udp", relay = null, responses = 5, lost = 0, repaired = 0, address = "192.0.2.1", trip = 0.023 } = {}) {
  const entries = [
    { id: "T", type: "transport", selectedCandidatePairId: "P" },
    { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", currentRoundTripTime: trip, responsesReceived: responses },
    { id: "L", type: "local-candidate", protocol, candidateType: relay ? "relay" : "host", relayProtocol: relay, address },
    { id: "R", type: "remote-candidate", protocol, address },
    { id: "V", type: "inbound-rtp", kind: "video", mid: "0", bytesReceived: 125_000 * seconds, packetsReceived: 100 * seconds, packetsLost: lost * seconds,
      retransmittedPacketsReceived: repaired * seconds, framesDecoded: 25 * seconds, frameWidth: 1280, frameHeight: 720, totalFreezesDuration: 0 },
    { id: "A", type: "inbound-rtp", kind: "audio", mid: "5", bytesReceived: 5_000 * seconds, packetsReceived: 50 * seconds, packetsLost: 0,
      retransmittedPacketsReceived: 0, totalSamplesReceived: 48_000 * seconds, concealedSamples: 480 * seconds, silentConcealedSamples: 480 * seconds },
  ];
  return new Map(entries.map((entry) => [entry.id, entry]));
}

const line = (how, more = {}) => ({ carries: "stage", state: "connected", readings: [read(stats(1, how), 1_000, how?.udp), read(stats(6, how), 6_000, how?.udp)], ...more });
const PAGE = { live: true, roundTrip: 12, blocked: false, browser: "Chrome 156, Linux", saving: "all" };
const told = (how, more, page = {}) => report([health(line(how, more))], { ...PAGE, ...page }, t);
const row = (found, name) => found.rows.find((each) => each.name === name);

describe("how a page is connected, in one sentence", () => {
  const said = (how, more, live = true) => texts[sentence([health(line(how, more))], live)];

  it("by the selected pair of candidates", () => {
    assert.equal(said({}), "Verbunden auf dem direkten Weg (UDP).");
    assert.equal(said({ protocol: "tcp", udp: true }), "Verbunden über TCP, weil UDP hier nicht durchkommt – das Bild kann stocken.");
    assert.equal(said({ protocol: "tcp" }), "Verbunden über TCP – das Bild kann stocken.");
    assert.equal(said({ relay: "udp" }), "Verbunden über einen Vermittlungsserver (TURN).");
    assert.equal(said({ relay: "tls" }), "Verbunden über einen Vermittlungsserver (TURN) mit TCP – das Bild kann stocken.");
  });

  it("is never that of a line that is lost", () => {
    assert.equal(said({}, { state: "lost" }), "Bild und Ton werden gerade verbunden.");
    assert.equal(said({}, { readings: [] }), "Bild und Ton werden gerade verbunden.");
    assert.equal(said({}, {}, false), "Die Verbindung zum Server ist unterbrochen.");
    assert.equal(texts[sentence([], true)], "Die Seite ist mit dem Server verbunden. Bild und Ton laufen hier gerade nicht.");
  });

  it("tells the worst way of several", () => {
    const lines = [line({}), line({ protocol: "tcp", udp: true }), line({ relay: "udp" })].map(health);
    assert.equal(sentence(lines, true), "report.way.tcp");
  });
});

describe("the report", () => {
  it("says in figures what arrives", () => {
    const found = told({});
    assert.equal(row(found, "Weg").text, "Direkt über UDP, IPv4. Hin und zurück in 23 ms.");
    assert.equal(row(found, "Bilder").text, "Groß, 1280 × 720, 25 Bilder/s, 1000 kbit/s.");
    assert.equal(row(found, "Ton").text, "Kommt ohne Lücken an.");
    assert.equal(row(found, "Verluste").text, "Keine.");
    assert.deepEqual([found.grade, found.hint, found.code], ["good", "Sie müssen nichts tun.", "U4-23-B720X25-V0-T1"]);
  });

  it("names IPv6 and the relay in figures only", () => {
    assert.equal(row(told({ address: "2001:db8::1" }), "Weg").text, "Direkt über UDP, IPv6. Hin und zurück in 23 ms.");
    assert.equal(told({ relay: "tcp" }).code.split("-")[0], "RT4");
  });

  it("tells losses, what came again, and what to do", () => {
    const found = told({ lost: 10, repaired: 8 });
    assert.equal(row(found, "Verluste").text, "6.3 % der Pakete gingen verloren, davon kamen 80 % im zweiten Anlauf.");
    assert.equal(found.grade, "fair");
    assert.equal(found.hint, texts["report.hint.loss"]);
  });

  it("is graded by its worst row", () => {
    assert.equal(told({ protocol: "tcp", udp: true }).grade, "fair");
    assert.equal(told({ trip: 0.5 }).grade, "poor");
    assert.equal(told({}, { state: "lost" }).grade, "poor");
    assert.equal(told({}, {}, { live: false }).grade, "poor");
    assert.equal(worst(["good", "poor", "fair"]), "poor");
    assert.equal(worst([]), "good");
  });

  it("tells of sound that waits for a press", () => {
    const found = told({}, {}, { blocked: true });
    assert.equal(row(found, "Ton").text, texts["report.sound.blocked"]);
    assert.equal(found.hint, texts["report.hint.sound"]);
  });

  it("says what goes out, layer by layer", () => {
    const sent = (seconds) => new Map([...stats(seconds), ...[
      ["q", 320, 180, 15], ["f", 1280, 720, 30],
    ].map(([rid, frameWidth, frameHeight, fps]) => [`O${rid}`, {
      id: `O${rid}`, type: "outbound-rtp", kind: "video", rid, frameWidth, frameHeight, framesEncoded: fps * seconds,
      bytesSent: 12_500 * seconds, packetsSent: 10 * seconds, qualityLimitationReason: "cpu",
    }]), ["M", { id: "M", type: "outbound-rtp", kind: "audio", bytesSent: 100 * seconds, packetsSent: seconds }]]);
    const camera = health({ carries: "camera", state: "connected", readings: [read(sent(0), 0), read(sent(5), 5_000)] });
    const found = report([camera], PAGE, t);
    assert.equal(
      row(found, "Ihre Kamera").text,
      "Geht hinaus: 1280 × 720, 30 Bilder/s, in 2 Größen, zusammen 200 kbit/s. Ihr Ton geht hinaus. Ihr Gerät ist ausgelastet.",
    );
    assert.deepEqual([found.grade, found.hint], ["fair", texts["report.hint.cpu"]]);
    assert.match(found.code, /-S720X30$/);
  });

  it("has pictures by number when there are several", () => {
    const two = (seconds) => new Map([...stats(seconds), ["W", { ...stats(seconds).get("V"), id: "W", mid: "1", frameWidth: 320, frameHeight: 180 }]]);
    const found = report([health(line({}, { readings: [read(two(0), 0), read(two(5), 5_000)] }))], PAGE, t);
    assert.equal(row(found, "Bilder").text, "Bild 1: Groß, 1280 × 720, 25 Bilder/s, 1000 kbit/s.\nBild 2: Klein, 320 × 180, 25 Bilder/s, 1000 kbit/s.");
  });

  it("begins anew when counters do", () => {
    const found = health(line({}, { readings: [read(stats(6), 1_000), read(stats(1), 6_000)] }));
    assert.deepEqual([found.pictures, found.sound, found.lost], [[], false, 0]);
  });

  it("knows browsers by their own names", () => {
    const names = {
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36": "Chrome 156, Linux",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0": "Edge 156, Windows",
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Gecko/20100101 Firefox/153.0": "Firefox 153, Mac OS X",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari 18, iPhone",
      "something else": "something else",
    };
    for (const [agent, name] of Object.entries(names)) assert.equal(browserName(agent), name);
  });
});
