import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";

let copies = 0;
const fresh = () => import(`../../static/js/clock.js?${(copies += 1)}`);
const NOON = Date.parse("2026-06-17T12:00:00.000Z");
const server = (milliseconds) => new Date(NOON + milliseconds).toISOString();

describe("the server's clock", () => {
  afterEach(() => mock.timers.reset());
  const local = (milliseconds) => mock.timers.setTime(NOON + milliseconds);

  it("is known although one's own is ten minutes off", async () => {
    mock.timers.enable({ apis: ["Date"], now: NOON + 600_000 });
    const { now, setClock } = await fresh();
    setClock(server(0), 20);
    assert.equal(now(), NOON + 10);
  });

  it("is not learnt from a slow answer where a quick one was had", async () => {
    mock.timers.enable({ apis: ["Date"], now: NOON });
    const { now, setClock } = await fresh();
    setClock(server(-2), 4);
    setClock(server(-300), 400);
    assert.equal(now(), NOON);
  });

  it("is learnt anew at once, however slowly, when one's own clock was set", async () => {
    mock.timers.enable({ apis: ["Date"], now: NOON });
    const { now, setClock } = await fresh();
    setClock(server(-2), 4);
    local(600_000 + 3_000);
    setClock(server(2_800), 400);
    assert.equal(now(), NOON + 3_000);
  });
});
