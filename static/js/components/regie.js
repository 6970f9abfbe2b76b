/** The Regie: every feed with its picture and how it is doing; calm while all is well. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { announce } from "../announce.js";
import { icon, Live } from "../element.js";
import { bits, decimal } from "../format.js";
import { desk, feedOf, frameRate, keyFrameAge, lossOf, meter, othersHeard, sparkline, warnings } from "../health.js";
import { language, t } from "../i18n.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import { feedName, onAir, speakerOf } from "../state/index.js";
import { talkback } from "../talkback.js";
import { stateBadge } from "./agenda.js";
import { changeOver, programmeNotes, programmes } from "./programme.js";
import { othersTalk, talkButton } from "./talk-button.js";
import { caption, tile } from "./tile.js";

/** @import {Entry, FeedHealth, Health, WorkerHealth} from "../state/types.js" */
/** @import {Warning} from "../health.js" */

/** The backstage room: eight pictures, and the programme's feed that is not on air. */
const STANDBY = 8;
const SLOTS = 9;
const REMEMBERED = 180;
const STALE = 3_500;
const LOOK_EVERY = 1_000;
const GRAPH = { width: 180, height: 28, least: 400_000 };
const BUSY = 0.85;
const LAYERS = ["f", "", "h", "q", "none"];
const MANY_LOSE = 0.1;

export class Regie extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  /** @type {Health | null} */
  #health = null;
  #heardAt = -Infinity;
  #timer = 0;
  /** @type {Map<string, number[]>} bits per second of each feed, the newest last */
  #history = new Map();
  /** @type {Map<string, number>} since when each feed is waited for; of those that came once, since ever */
  #expected = new Map();
  /** @type {Set<string>} feeds that somebody listens to */
  #listening = new Set();
  #announced = "";
  #changedOver = "";
  /** @type {Set<string>} people whose programme has had a backup feed */
  #backed = new Set();
  #talks = () => this.update();
  /** @type {Map<string, Entry>} backup feeds, which are no entries of the stage */
  #doubles = new Map();
  #watch = () => void room.ask("health.watch", { on: true }).catch(() => {});

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("greeted", this.#watch);
    if (room.connection === "live") this.#watch();
    talkback.addEventListener("change", this.#talks);
    this.#timer = setInterval(() => this.update(), LOOK_EVERY);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("greeted", this.#watch);
    talkback.removeEventListener("change", this.#talks);
    clearInterval(this.#timer);
    this.pictures?.stop();
    this.pictures = null;
  }

  view() {
    const { item } = room;
    if (item === null || room.state.stage === null) return nothing;
    this.#look(["backstage", "live"].includes(item.state));
    this.#take();
    const feeds = this.#feeds();
    const wrong = new Map(feeds.map(({ entry, onStage }) => [feedName(entry), this.#wrong(entry, onStage, feeds)]));
    this.#tell(feeds, wrong);
    return html`<div class="regie">
      <header class="regie__bar">
        <h1 class="regie__title">${item.title}</h1>
        ${stateBadge(item)} ${this.#summary(feeds, wrong)}
        ${feeds.some(({ entry }) => entry.source === "camera") ? talkButton(null) : nothing}
      </header>
      ${othersTalk()} ${programmeNotes()}
      ${feeds.length === 0 ? this.#empty() : nothing}
      <ul class="regie__feeds">
        ${repeat(
          feeds,
          ({ entry }) => feedName(entry),
          ({ entry, onStage }) => this.#panel(entry, onStage, wrong.get(feedName(entry)) ?? []),
        )}
      </ul>
      ${this.#health?.available && feeds.length > 0 ? html`<div class="regie__foot">${this.#viewers(this.#health)} ${this.#workers(this.#health)}</div>` : nothing}
    </div>`;
  }

  /**
   * Everybody's feeds, of the programme both; of these one is seen, the other stands by.
   *
   * @returns {{entry: Entry, onStage: boolean}[]}
   */
  #feeds() {
    return desk(room.state.stage).flatMap(({ entry, onStage }) => {
      if (entry.source !== "programme") return [{ entry, onStage }];
      const { feed } = onAir(room.state.stage, entry.person);
      const backup = /** @type {Entry} */ ({ ...entry, source: "backup" });
      if (feed === "backup" || (this.#health && feedOf(this.#health, backup))) this.#backed.add(entry.person);
      if (!this.#backed.has(entry.person)) return [{ entry, onStage }];
      const known = this.#doubles.get(feedName(backup)) ?? backup;
      this.#doubles.set(feedName(backup), Object.assign(known, backup));
      return [
        { entry, onStage: onStage && feed === "main" },
        { entry: known, onStage: onStage && feed === "backup" },
      ];
    });
  }

  /** Whether what is shown is of this moment. */
  get #fresh() {
    return performance.now() - this.#heardAt < STALE;
  }

  /** Takes a new signal in; each is a new object. */
  #take() {
    const health = room.state.signals.health ?? null;
    if (health === null || health === this.#health) return;
    this.#health = health;
    this.#heardAt = performance.now();
    const expected = new Map();
    for (const { entry } of this.#feeds()) {
      const [name, feed] = [feedName(entry), feedOf(health, entry)];
      this.#history.set(name, [...(this.#history.get(name) ?? []), feed?.bitrate ?? 0].slice(-REMEMBERED));
      expected.set(name, feed?.connected ? -Infinity : (this.#expected.get(name) ?? performance.now()));
    }
    this.#expected = expected;
  }

  /**
   * @param {Entry} entry
   * @param {boolean} onStage
   * @param {{entry: Entry, onStage: boolean}[]} feeds
   */
  #wrong(entry, onStage, feeds) {
    if (this.#health === null || !this.#health.available || !this.#fresh) return [];
    const heard = othersHeard(this.#health, feeds, entry);
    const expected = (performance.now() - (this.#expected.get(feedName(entry)) ?? performance.now())) / 1000;
    return warnings(entry, feedOf(this.#health, entry), { onStage, heard, expected });
  }

  /**
   * @param {{entry: Entry}[]} feeds
   * @param {Map<string, Warning[]>} wrong
   */
  #summary(feeds, wrong) {
    if (this.#health === null) return html`<p class="regie__sum">${t("regie.waiting")}</p>`;
    if (!this.#fresh) return html`<p class="regie__sum" data-level="warn">${icon("warn")}${t("regie.stale", { seconds: Math.floor((performance.now() - this.#heardAt) / 1000) })}</p>`;
    if (!this.#health.available) return html`<p class="regie__sum" data-level="bad">${icon("warn")}${t("regie.unavailable")}</p>`;
    const bad = feeds.filter(({ entry }) => worst(wrong.get(feedName(entry))) === "bad");
    const warn = feeds.filter(({ entry }) => worst(wrong.get(feedName(entry))) === "warn");
    if (bad.length > 0) return html`<p class="regie__sum" data-level="bad">${icon("warn")}${t(bad.length === 1 ? "regie.bad.one" : "regie.bad", { n: bad.length, name: caption(bad[0].entry) })}</p>`;
    if (warn.length > 0) return html`<p class="regie__sum" data-level="warn">${icon("warn")}${t(warn.length === 1 ? "regie.hint.one" : "regie.hint", { n: warn.length, name: caption(warn[0].entry) })}</p>`;
    return html`<p class="regie__sum" data-level="good">${icon("check")}${t(feeds.length === 0 ? "regie.ready" : "regie.good")}</p>`;
  }

  #empty() {
    const closed = !["backstage", "live"].includes(room.item?.state ?? "");
    return html`<section class="regie__empty">
      ${icon("screen")}
      <h2>${t("regie.empty")}</h2>
      <p>${t(closed ? "regie.empty.closed" : "regie.empty.more")}</p>
    </section>`;
  }

  /**
   * @param {Entry} entry
   * @param {boolean} onStage
   * @param {Warning[]} wrong
   */
  #panel(entry, onStage, wrong) {
    const name = feedName(entry);
    const feed = this.#health && feedOf(this.#health, entry);
    const standby = !onStage && this.#backed.has(entry.person) && (entry.source === "programme" || entry.source === "backup");
    const tally = standby ? "standby" : !onStage ? "backstage" : room.item?.state === "live" ? "live" : "stage";
    const place = this.pictures?.place(this.#slot(entry));
    return html`<li class="panel" data-tally=${tally} data-level=${worst(wrong) ?? "good"} data-feed=${name}>
      <p class="panel__head">
        <span class="panel__tally"><span class="dot"></span>${t(standby && worst(wrong) === "bad" ? "regie.tally.away" : `regie.tally.${tally}`)}</span>
        ${speakerOf(room.state.stage) === entry ? html`<span class="panel__chip" data-speaks>${icon("sound")}${t("tile.speaks")}</span>` : nothing}
        ${feed?.transport === "tcp" ? html`<span class="panel__chip" title=${t("regie.tcp")}>TCP</span>` : nothing}
        <span class="panel__source">${t(`regie.source.${entry.source}`)}</span>
      </p>
      <div class="panel__picture">
        ${tile(entry, { video: place?.video ?? null, playing: place?.playing ?? false })}
        ${wrong.length > 0
          ? html`<ul class="panel__wrong">
              ${wrong.map(({ level, key, values }) => html`<li data-level=${level}>${icon("warn")}<span>${t(key, values)}</span></li>`)}
            </ul>`
          : nothing}
      </div>
      ${this.#meter(entry, feed)} ${this.#graph(name, feed)} ${this.#figures(entry, feed)}
      ${standby ? html`<div class="panel__acts">${changeOver(entry, entry.source === "backup" ? "backup" : "main", wrong[0]?.level === "bad" ? "tertiary" : "secondary")}</div>` : nothing}
      ${entry.source === "camera" ? html`<div class="panel__acts">${talkButton(entry.person, entry.name)} ${this.#return(entry)}</div>` : nothing}
    </li>`;
  }

  /**
   * @param {Entry} entry
   * @param {FeedHealth | null} feed
   */
  #meter(entry, feed) {
    const level = feed?.level ?? null;
    const muted = !entry.audio;
    const text = muted ? t("tile.muted") : level === null ? t("regie.level.none") : t("regie.level", { level: level < 0.5 ? 0 : `−${Math.round(level)}` });
    const reach = muted ? 0 : meter(level);
    const name = feedName(entry);
    const listening = this.#listening.has(name);
    return html`<div class="panel__sound">
      <svg class="vu" role="img" aria-label="${t("regie.sound")}: ${text}" preserveAspectRatio="none">
        <rect class="vu__track" width="100%" height="100%" />
        <rect class="vu__level" width="${reach}%" height="100%" data-zone=${reach > 90 ? "hot" : "good"} />
        ${[33, 67, 85].map((at) => html`<svg x="${at}%" width="1"><rect class="vu__mark" width="1" height="100%" /></svg>`)}
      </svg>
      <span class="panel__dbov" aria-hidden="true">${text}</span>
      ${entry.source === "screen"
        ? nothing
        : html`<button class="panel__listen" type="button" aria-pressed=${listening} aria-label="${t("regie.listen")}: ${caption(entry)}" @click=${() => this.#listen(name)}>
            ${icon("sound")}<span>${t("regie.listen")}</span>
          </button>`}
    </div>`;
  }

  /**
   * @param {string} name
   * @param {FeedHealth | null} feed
   */
  #graph(name, feed) {
    const points = sparkline(this.#history.get(name) ?? [], REMEMBERED, GRAPH);
    const { width, height } = GRAPH;
    const first = points[0]?.split(",")[0] ?? width;
    return html`<div class="panel__rate">
      <svg class="graph" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
        <rect class="graph__paper" width="100%" height="100%" />
        <path class="graph__area" d=${points.length > 0 ? `M${first},${height} L${points.join(" ")} L${width},${height}Z` : ""} />
        <path class="graph__line" d=${points.length > 0 ? `M${points.join(" ")}` : ""} />
      </svg>
      <span class="panel__bits"><span class="kern-sr-only">${t("regie.bitrate")}: </span>${feed ? bits(feed.bitrate) : "–"}</span>
    </div>`;
  }

  /**
   * @param {Entry} entry
   * @param {FeedHealth | null} feed
   */
  #figures(entry, feed) {
    const frames = feed && frameRate(feed);
    const age = feed && keyFrameAge(feed);
    const layers = this.#health?.viewers?.layers[this.#seenAs(entry)];
    const received = LAYERS.filter((layer) => layers?.[layer]).map((layer) => `${t(`regie.layer.${layer || "one"}`)} ${layers?.[layer]}`);
    return html`<dl class="panel__figures">
      ${figure("regie.frames", frames === null ? null : String(Math.round(frames)))}
      ${figure("regie.loss", feed && `${decimal(100 * lossOf(feed))} %`)}
      ${figure("regie.rtt", trip(feed?.rtt ?? null))}
      ${figure("regie.key", age === null ? null : `${age < 10 ? decimal(age) : Math.round(age)} s`)}
      ${received.length > 0 ? html`<div class="panel__received"><dt>${t("regie.received")}</dt><dd>${received.join(" · ")}</dd></div>` : nothing}
    </dl>`;
  }

  /** @param {Health} health */
  #viewers({ viewers }) {
    if (viewers === null) return nothing;
    const { watching, lossy, tcp, rtt, best } = viewers;
    const shown = LAYERS.filter((layer) => best[layer]);
    let from = 0;
    return html`<section class="sheet regie__viewers">
      <h2>${t("regie.viewers")}</h2>
      <p class="regie__count"><b>${watching}</b> ${t("regie.watching")}</p>
      ${watching > 0
        ? html`<svg class="shares" aria-hidden="true" preserveAspectRatio="none">
            ${shown.map((layer) => {
              const share = (100 * best[layer]) / watching;
              from += share;
              return html`<svg x="${from - share}%" width="${share}%"><rect data-layer=${layer || "one"} width="100%" height="100%" /></svg>`;
            })}
          </svg>`
        : nothing}
      <ul class="regie__layers">
        ${shown.map((layer) => html`<li data-layer=${layer || "one"}><span class="dot"></span>${t(`regie.layer.${layer || "one"}`)} <b>${best[layer]}</b></li>`)}
      </ul>
      <dl class="panel__figures">
        ${figure("regie.lossy", String(lossy), lossy === 0 ? null : lossy > watching * MANY_LOSE ? "bad" : "warn")}
        ${figure("regie.viewers.rtt", trip(rtt))}
        ${figure("regie.viewers.tcp", String(tcp))}
      </dl>
    </section>`;
  }

  /** @param {Health} health */
  #workers({ workers }) {
    return html`<section class="sheet regie__workers">
      <h2>${t("regie.workers")}</h2>
      <div class="regie__scroll" tabindex="0" role="region" aria-label=${t("regie.workers")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("regie.worker")}</th>
              <th scope="col">${t("regie.cpu")}</th>
              <th scope="col">${t("regie.in")}</th>
              <th scope="col">${t("regie.out")}</th>
              <th scope="col">${t("regie.dropped")}</th>
              <th scope="col">${t("regie.memory")}</th>
            </tr>
          </thead>
          <tbody>
            ${workers.map((worker) => row(worker))}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  /**
   * Where the programme without a speaker's voice is sent to, and whether it arrives.
   *
   * @param {Entry} entry
   */
  #return({ person, name }) {
    const arrives = this.#health?.feeds.some(({ feed, connected }) => connected && feed.endsWith(`/return:${person}`)) ?? false;
    const state = html`<span class="panel__return" data-level=${arrives ? "good" : "none"}>${icon(arrives ? "check" : "sound")}${t(arrives ? "regie.return.arrives" : "regie.return")}</span>`;
    if (!room.may("produce")) return arrives ? state : nothing;
    const url = `${location.origin}/whip/${room.state.session}?source=return&for=${person}`;
    return html`<details class="panel__more">
      <summary>${state}</summary>
      <p>${t("regie.return.more", { name })}</p>
      <div class="copy"><code>${url}</code><button class="kern-btn kern-btn--secondary kern-btn--small" type="button" data-copy=${url} aria-label="${t("copy")}: ${t("regie.return")} ${name}"><span class="kern-label">${t("copy")}</span></button></div>
    </details>`;
  }

  /** What viewers call a feed: of the programme's, the one on air is the programme. @param {Entry} entry */
  #seenAs({ person, source }) {
    const programme = source === "programme" || source === "backup";
    const onAirNow = onAir(room.state.stage, person).feed === (source === "backup" ? "backup" : "main");
    return programme ? `${person}/${onAirNow ? "programme" : "nobody"}` : `${person}/${source}`;
  }

  /** What the backstage room shows, by its slots: those who wait first, then the stage by its places. @returns {Entry[]} */
  get #shown() {
    const { slots, backstage } = room.state.stage ?? { slots: [], backstage: [] };
    return [...backstage, .../** @type {Entry[]} */ (slots.filter((entry) => entry !== null))];
  }

  /**
   * The slot in which the backstage room shows a feed; the programme's that stands by comes last.
   *
   * @param {Entry} entry
   */
  #slot({ person, source }) {
    const programme = source === "programme" || source === "backup";
    const { feed } = onAir(room.state.stage, person);
    if (programme && (source === "backup") !== (feed === "backup")) return STANDBY;
    const index = this.#shown.findIndex((entry) => entry.person === person && entry.source === (programme ? "programme" : source));
    return index < 0 || index >= STANDBY ? SLOTS : index;
  }

  /** What is in which slot, for the pictures. @returns {(Entry | null)[]} */
  #entries() {
    const eight = Array.from({ length: STANDBY }, (_, slot) => this.#shown[slot] ?? null);
    const [programme] = programmes();
    return [...eight, programme && this.#backed.has(programme.person) ? programme : null];
  }

  /** @param {string} name */
  #listen(name) {
    if (!this.#listening.delete(name)) this.#listening.add(name);
    this.pictures?.unlock();
    this.update();
  }

  /** Fetches pictures while there are any, and lets those sound that somebody listens to. @param {boolean} open */
  #look(open) {
    const { session } = room.state;
    if (open && !this.pictures && session !== null) {
      this.pictures = new Pictures({
        session,
        of: "backstage",
        slots: SLOTS,
        sound: true,
        entries: () => this.#entries(),
        changed: () => this.update(),
      });
      for (let slot = 0; slot < SLOTS; slot += 1) this.pictures.place(slot).audio.muted = true;
      this.pictures.start();
    } else if (!open) {
      this.pictures?.stop();
      this.pictures = null;
    }
    const heard = new Set(this.#feeds().filter(({ entry }) => this.#listening.has(feedName(entry))).map(({ entry }) => this.#slot(entry)));
    for (let slot = 0; slot < SLOTS && this.pictures; slot += 1) this.pictures.place(slot).audio.muted = !heard.has(slot);
  }

  /**
   * Says a new alarm once; figures that count on are not said again.
   *
   * @param {{entry: Entry}[]} feeds
   * @param {Map<string, Warning[]>} wrong
   */
  #tell(feeds, wrong) {
    const bad = feeds.flatMap(({ entry }) => (wrong.get(feedName(entry)) ?? []).filter(({ level }) => level === "bad").map(({ key, values }) => ({ entry, key, values })));
    const kinds = bad.map(({ entry, key }) => `${feedName(entry)} ${key}`).join();
    if (kinds !== this.#announced && bad.length > 0) {
      announce("health", bad.map(({ entry, key, values }) => `${caption(entry)}: ${t(key, values)}`).join(". "));
    }
    this.#announced = kinds;
    const changed = programmes().flatMap(({ person }) => (onAir(room.state.stage, person).automatic ? [t(`programme.automatic.${onAir(room.state.stage, person).feed}`)] : []));
    if (changed.join() !== this.#changedOver && changed.length > 0) announce("programme", changed.join(". "));
    this.#changedOver = changed.join();
  }
}

/** @param {Warning[]} [wrong] */
function worst(wrong = []) {
  return wrong[0]?.level ?? null;
}

/**
 * @param {string} key
 * @param {string | null} value
 * @param {string | null} [level]
 */
function figure(key, value, level = null) {
  return html`<div data-level=${level ?? nothing}><dt>${t(key)}</dt><dd>${value ?? "–"}</dd></div>`;
}

/** @param {number | null} seconds */
function trip(seconds) {
  if (seconds === null) return null;
  return seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${decimal(seconds)} s`;
}

/** @param {WorkerHealth} worker */
function row({ worker, cpu, packets_in, packets_out, dropped, memory_bytes }) {
  const rate = (/** @type {number | null} */ value) => (value === null ? "–" : Math.round(value).toLocaleString(language()));
  return html`<tr>
    <th scope="row">${worker}</th>
    <td data-level=${cpu !== null && cpu > BUSY ? "bad" : nothing}>${cpu === null ? "–" : `${Math.round(100 * cpu)} %`}</td>
    <td>${rate(packets_in)}</td>
    <td>${rate(packets_out)}</td>
    <td data-level=${dropped ? "bad" : nothing}>${rate(dropped)}</td>
    <td>${memory_bytes == null ? "–" : `${Math.round(memory_bytes / 1_000_000)} MB`}</td>
  </tr>`;
}

customElements.define("conf-regie", Regie);
