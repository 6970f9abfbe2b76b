import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const catalogues = { de: JSON.parse(read("static/i18n/de.json")), en: JSON.parse(read("static/i18n/en.json")) };
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

function sources() {
  const scripts = readdirSync(new URL("static/js", root), { recursive: true }).map((file) => `static/js/${file}`);
  const templates = readdirSync(new URL("conference/web/templates", root)).map((file) => `conference/web/templates/${file}`);
  return [...scripts, ...templates].filter((path) => /\.(js|html)$/.test(path));
}

describe("texts", () => {
  it("both languages have the same keys", () => {
    assert.deepEqual(Object.keys(catalogues.en), Object.keys(catalogues.de));
  });

  it("both languages fill in the same values", () => {
    for (const [key, text] of Object.entries(catalogues.de)) {
      assert.deepEqual(placeholders(catalogues.en[key]), placeholders(text), key);
    }
  });

  it("no text is empty", () => {
    for (const catalogue of Object.values(catalogues)) {
      for (const [key, text] of Object.entries(catalogue)) assert.notEqual(text.trim(), "", key);
    }
  });

  for (const path of sources()) {
    it(`${path} names only texts that are there`, () => {
      for (const [, key] of read(path).matchAll(/\bt\(\s*["']([a-z_.]+)["'](?!\s*[~+])/g)) assert.ok(key in catalogues.de, key);
    });
  }
});
