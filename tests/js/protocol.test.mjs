import assert from "node:assert/strict";
import { beforeEach, describe, it, mock } from "node:test";

import "./hooks.mjs";

mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
Object.assign(globalThis, { document: new EventTarget(), addEventListener() {} });
Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });

const { Protocol } = await import("../../static/js/protocol.js");
const wire = await import("./stand_ins/socket.io.esm.min.js");

const fact = (number) => ({ stream: "live-1", number, name: "poll.closed", at: "", body: {} });
const hello = (more = {}) => ({ boot: "b1", now: "2026-06-17T08:00:00Z", numbers: {}, facts: [], ...more });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the conversation with the server", () => {
  let heard;
  let protocol;
  let numbers;

  beforeEach(() => {
    heard = [];
    numbers = { day: 3 };
    const hear = (what) => (value) => heard.push([what, value]);
    protocol = new Protocol(
      { as: null, session: "live-1", numbers: () => numbers },
      {
        fact: ({ number }) => heard.push(["fact", number]),
        signal: hear("signal"),
        snapshot: hear("snapshot"),
        greeted: () => heard.push(["greeted"]),
        restarted: () => heard.push(["restarted"]),
        bye: hear("bye"),
        state: hear("state"),
      },
    );
  });

  const asked = (name) => wire.calls.filter((call) => call.name === name);

  it("says who it is and what it knows already, anew with each connection", () => {
    const said = [];
    wire.socket.options.auth((auth) => said.push(auth));
    numbers = { day: 4 };
    wire.socket.options.auth((auth) => said.push(auth));
    assert.deepEqual(said, [
      { as: null, session: "live-1", since: { day: 3 } },
      { as: null, session: "live-1", since: { day: 4 } },
    ]);
  });

  it("tells facts in order even if new ones overtake the missed ones", async () => {
    wire.socket.hear("fact", fact(9));
    await wire.socket.hear("hello", hello({ facts: [fact(7), fact(8)] }));
    await turn();
    assert.deepEqual(heard, [["fact", 7], ["fact", 8], ["fact", 9], ["state", "live"], ["greeted"]]);
  });

  it("takes a fresh snapshot when there were too many, and the facts that came meanwhile after it", async () => {
    wire.socket.hear("hello", hello({ resync: true }));
    wire.socket.hear("fact", fact(9));
    await turn();
    asked("page.snapshot")[0].answer({ ok: true, result: "fresh" });
    await turn();
    assert.deepEqual(heard, [["snapshot", "fresh"], ["fact", 9], ["state", "live"], ["greeted"]]);
  });

  it("waits with commands for the greeting, then answers each once", async () => {
    const answer = protocol.command("poll.vote", { choice: 1 });
    await turn();
    assert.equal(asked("poll.vote").length, 0);
    await wire.socket.hear("hello", hello());
    await turn();
    asked("poll.vote")[0].answer({ ok: true, result: { new: true } });
    assert.deepEqual(await answer, { new: true });
  });

  it("repeats a vote that was lost on the way, never a move of a session", async () => {
    await wire.socket.hear("hello", hello());
    const vote = protocol.command("poll.vote", {});
    const move = protocol.command("session.move", {});
    await turn();
    wire.socket.hear("disconnect", "transport close");
    for (const { lose } of wire.calls.splice(0)) lose();
    await assert.rejects(move, { code: "connection.lost" });
    await wire.socket.hear("hello", hello());
    await turn();
    asked("poll.vote")[0].answer({ ok: true, result: null });
    assert.equal(await vote, null);
    assert.equal(asked("session.move").length, 0);
  });

  it("hands a refusal on with its code", async () => {
    await wire.socket.hear("hello", hello());
    const vote = protocol.command("poll.vote", {});
    await turn();
    asked("poll.vote")[0].answer({ ok: false, error: { code: "poll.closed", message: "Zu.", address: "person" } });
    await assert.rejects(vote, { code: "poll.closed", message: "Zu." });
  });

  it("notices a line that is silent, and a server that is another one", async () => {
    await wire.socket.hear("hello", hello());
    await turn();
    asked("clock.read")[0].lose();
    await turn();
    assert.equal(protocol.state, "reconnecting");
    mock.timers.tick(12_000);
    assert.equal(protocol.state, "offline");
    await wire.socket.hear("hello", hello({ boot: "b2" }));
    await turn();
    assert.equal(protocol.state, "live");
    assert.deepEqual(heard.slice(-2), [["restarted"], ["greeted"]]);
  });

  it("does not come back after its link was revoked", async () => {
    await wire.socket.hear("hello", hello());
    const connect = mock.method(wire.socket, "connect");
    wire.socket.hear("bye", { reason: "revoked" });
    wire.socket.hear("disconnect", "io server disconnect");
    mock.timers.tick(5_000);
    assert.deepEqual(heard.filter(([what]) => what === "bye"), [["bye", "revoked"]]);
    assert.equal(connect.mock.callCount(), 0);
  });
});
