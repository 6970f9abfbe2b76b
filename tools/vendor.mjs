/** Copies what pages load from npm packages into static/vendor, so that nothing is fetched from anywhere else. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "static", "vendor");

const files = [
  ["@kern-ux/native/dist/kern.min.css", "kern/kern.min.css"],
  ["@kern-ux/native/dist/fonts/fira-sans/FiraSans-Regular.woff2", "kern/fonts/FiraSans-Regular.woff2"],
  ["@kern-ux/native/dist/fonts/fira-sans/FiraSans-Medium.woff2", "kern/fonts/FiraSans-Medium.woff2"],
  ["@kern-ux/native/dist/fonts/fira-sans/FiraSans-SemiBold.woff2", "kern/fonts/FiraSans-SemiBold.woff2"],
  ["@kern-ux/native/dist/fonts/fira-sans/FiraSans-Bold.woff2", "kern/fonts/FiraSans-Bold.woff2"],
  ["@kern-ux/native/LICENSE.md", "kern/LICENSE.md"],
  ["lit-html/lit-html.js", "lit-html/lit-html.js"],
  ["lit-html/directive.js", "lit-html/directive.js"],
  ["lit-html/directive-helpers.js", "lit-html/directive-helpers.js"],
  ["lit-html/async-directive.js", "lit-html/async-directive.js"],
  ["lit-html/directives/live.js", "lit-html/directives/live.js"],
  ["lit-html/directives/ref.js", "lit-html/directives/ref.js"],
  ["lit-html/directives/repeat.js", "lit-html/directives/repeat.js"],
  ["lit-html/directives/keyed.js", "lit-html/directives/keyed.js"],
  ["lit-html/LICENSE", "lit-html/LICENSE"],
  ["socket.io-client/dist/socket.io.esm.min.js", "socket.io/socket.io.esm.min.js"],
  ["socket.io-client/LICENSE", "socket.io/LICENSE"],
  ["yjs/LICENSE", "yjs/LICENSE"],
  ["lib0/LICENSE", "lib0/LICENSE"],
];

rmSync(target, { recursive: true, force: true });
for (const [from, to] of files) {
  mkdirSync(dirname(join(target, to)), { recursive: true });
  cpSync(join(root, "node_modules", from), join(target, to));
  if (/\.(css|js)$/.test(to)) compress(join(target, to));
}

bringModules("yjs/dist/yjs.mjs", "yjs/yjs.js");

/**
 * Brings a module and the lib0 modules that it needs. They name each other by package; browsers want addresses.
 *
 * @param {string} from in node_modules
 * @param {string} to in static/vendor
 */
function bringModules(from, to) {
  const done = new Set();
  const wanted = [[from, to]];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const [source, place] = next;
    if (done.has(place)) continue;
    done.add(place);
    const text = readFileSync(join(root, "node_modules", source), "utf-8")
      .replace(/^\/\/# sourceMappingURL=.*$/m, "")
      .replace(/(\bfrom |^import )(['"])((?:lib0\/|\.)[^'"]+)\2/gm, (_all, word, quote, name) => {
        const module = name.startsWith("lib0/") ? `${name.replace(/\.js$/, "")}.js` : join(dirname(place), name);
        wanted.push([module, module]);
        const address = relative(dirname(place), module);
        return `${word}${quote}${address.startsWith(".") ? address : `./${address}`}${quote}`;
      });
    mkdirSync(dirname(join(target, place)), { recursive: true });
    writeFileSync(join(target, place), text);
    compress(join(target, place));
  }
}

/** Puts compressed twins beside a file; the server sends them to browsers that take them. */
function compress(path) {
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content));
}
