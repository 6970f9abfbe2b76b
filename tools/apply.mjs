/**
 * Reduces snapshots for tests in other languages: reads lines of `{"snapshot": …, "facts": […]}` on standard input and
 * answers each with one line, the snapshot after the facts.
 */
import { createInterface } from "node:readline";

import { apply } from "../static/js/state/index.js";

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "") continue;
  const { snapshot, facts } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(facts.reduce(apply, snapshot))}\n`);
}
