import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { desk, feedOf, frameRate, keyFrameAge, meter, othersHeard, sparkline, warnings } from "../../static/js/health.js";

const entry = (source = "camera", changes = {}) => ({ person: "p1", name: "A", office: "", source, audio: true, video: true, ...changes });
const stream = (kind, changes = {}) => ({
  kind, rid: "", codec: "VP8", bitrate: 1_000_000, fps: kind === "video" ? 25 : 0, loss: 0, lost: 0, recovered: 0, jitter: 0,
  key_frame_age: kind === "video" ? 1 : null, muted: false, ...changes,
});
const feed = (changes = {}, video = {}) => ({
  feed: "p1/camera", connected: true, age: 60, rtt: 0.03, transport: "udp", level: 30, silent_for: 0, frozen_for: 0, remb: null,
  bitrate: 1_040_000, streams: [stream("audio"), stream("video", video)], ...changes,
});
const found = (whose, health, at = {}) =>
  warnings(whose, health, { onStage: true, heard: false, ...at }).map(({ level, key, values }) => [level, key.replace("regie.warn.", ""), ...Object.values(values ?? {})]);

describe("a feed", () => {
  it("that is well gives no warning", () => {
    for (const source of ["camera", "screen", "programme"]) assert.deepEqual(found(entry(source), feed()), []);
  });

  it("is lost when the server knows nothing of it", () => {
    assert.deepEqual(found(entry(), null), [["bad", "lost"]]);
    assert.deepEqual(found(entry(), feed({ connected: false })), [["bad", "lost"]]);
    assert.deepEqual(found(entry(), feed({ connected: false, age: 3 })), [["warn", "connecting"]]);
    assert.deepEqual(found(entry(), null, { onStage: false }), [["warn", "lost"]]);
    assert.deepEqual(found(entry(), null, { expected: 3 }), [["warn", "connecting"]]);
    assert.deepEqual(found(entry(), null, { expected: 9 }), [["bad", "lost"]]);
  });

  it("says that nothing arrives in front of everything else", () => {
    assert.deepEqual(found(entry(), feed({ frozen_for: 4.7, rtt: 0.5, silent_for: 12.9 }, { loss: 0.034 })), [
      ["bad", "frozen", 4], ["bad", "silent", 12], ["warn", "loss", 3], ["warn", "slow", 500],
    ]);
  });
});

describe("a picture", () => {
  it("stands after two seconds, a shared screen after fifteen", () => {
    assert.deepEqual(found(entry(), feed({ frozen_for: 1.9 })), []);
    assert.deepEqual(found(entry(), feed({ frozen_for: 2 })), [["bad", "frozen", 2]]);
    assert.deepEqual(found(entry("screen"), feed({ frozen_for: 14 })), []);
    assert.deepEqual(found(entry("screen"), feed({ frozen_for: 15 })), [["bad", "frozen", 15]]);
  });

  it("that is switched off is no fault", () => {
    assert.deepEqual(found(entry("camera", { video: false }), feed({ frozen_for: 400 })), []);
  });

  it("of few frames is named, once it had time to begin", () => {
    assert.deepEqual(found(entry(), feed({}, { fps: 6.4 })), [["warn", "frames", 6]]);
    assert.deepEqual(found(entry(), feed({ age: 2 }, { fps: 3 })), []);
    assert.deepEqual(found(entry("screen"), feed({}, { fps: 1 })), []);
  });

  it("has old key frames only where the encoder decides on them", () => {
    assert.deepEqual(found(entry("programme"), feed({}, { key_frame_age: 14.2 })), [["warn", "key", 14]]);
    assert.deepEqual(found(entry("camera"), feed({}, { key_frame_age: 500 })), []);
  });

  it("that was never sent is missed", () => {
    assert.deepEqual(found(entry(), feed({ frozen_for: null, streams: [stream("audio")] })), [["warn", "nopicture"]]);
  });
});

describe("a sound", () => {
  it("may be silent while somebody else is heard", () => {
    const listening = feed({ silent_for: 45 });
    assert.deepEqual(found(entry(), listening, { heard: true }), []);
    assert.deepEqual(found(entry(), listening, { heard: false }), [["bad", "silent", 45]]);
    assert.deepEqual(found(entry("camera", { audio: false }), listening), []);
    assert.deepEqual(found(entry("screen"), listening), []);
  });

  it("of the programme may not", () => {
    assert.deepEqual(found(entry("programme"), feed({ silent_for: 7 }), { heard: true }), []);
    assert.deepEqual(found(entry("programme"), feed({ silent_for: 8 }), { heard: true }), [["bad", "silent", 8]]);
  });

  it("that was never heard is hinted at before the stage", () => {
    const mute = feed({ silent_for: 60 });
    assert.deepEqual(found(entry(), mute, { onStage: false, heard: true }), [["warn", "never"]]);
    assert.deepEqual(found(entry(), { ...mute, age: 10, silent_for: 10 }, { onStage: false }), []);
  });

  it("can be missing, or too loud", () => {
    assert.deepEqual(found(entry(), feed({ silent_for: null, streams: [stream("video")] })), [["warn", "nosound"]]);
    assert.deepEqual(found(entry(), feed({ silent_for: null })), []);
    assert.deepEqual(found(entry(), feed({ level: 2 })), [["warn", "loud"]]);
  });
});

describe("the desk", () => {
  const programme = entry("programme", { person: "p9" });
  const screen = entry("screen");
  const waiting = entry("camera", { person: "p2" });
  const stage = { slots: [entry(), programme, null, null, screen], backstage: [waiting] };
  const feeds = desk(stage);

  it("has the programme first and those who wait last", () => {
    assert.deepEqual(feeds.map((each) => [each.entry.person, each.entry.source, each.onStage]), [
      ["p9", "programme", true], ["p1", "camera", true], ["p1", "screen", true], ["p2", "camera", false],
    ]);
    assert.deepEqual(desk(null), []);
  });

  it("knows whether anybody else on stage is heard", () => {
    const health = (silent, waitingSilent) => ({
      feeds: [feed({ silent_for: silent }), feed({ feed: "p2/camera", silent_for: waitingSilent })],
    });
    assert.equal(othersHeard(health(1, 99), feeds, programme), true);
    assert.equal(othersHeard(health(1, 99), feeds, feeds[1].entry), false);
    assert.equal(othersHeard(health(60, 1), feeds, programme), false);
    assert.equal(feedOf(health(1, 1), programme), null);
  });
});

describe("figures of a feed", () => {
  it("are those of its best layer, and of its oldest key frame", () => {
    const layers = [["q", 7, 100_000, 3], ["f", 29, 900_000, 8], ["h", 0, 0, 400]];
    const health = feed({ streams: layers.map(([rid, fps, bitrate, key_frame_age]) => stream("video", { rid, fps, bitrate, key_frame_age })) });
    assert.deepEqual([frameRate(health), keyFrameAge(health)], [29, 8]);
    assert.deepEqual([frameRate(feed({ streams: [] })), keyFrameAge(feed({ streams: [] }))], [null, null]);
  });

  it("a meter reaches from -60 dBov to the loudest", () => {
    assert.deepEqual([null, 127, 60, 30, 0].map(meter), [0, 0, 0, 50, 100]);
  });

  it("a line ends at the right edge and is as high as its highest", () => {
    const box = { width: 100, height: 10, least: 100 };
    assert.deepEqual(sparkline([0, 200, 50], 11, box), ["80.0,10.0", "90.0,0.0", "100.0,7.5"]);
    assert.deepEqual(sparkline([50], 11, box), ["100.0,5.0"]);
    assert.deepEqual(sparkline([], 11, box), []);
  });
});
