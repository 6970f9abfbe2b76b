/** Copies what pages load from npm packages into static/vendor, so that nothing is fetched from anywhere else. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { buildSync } from "esbuild";

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

// One file of Yjs and of those parts of lib0 that it needs: pages load it where a board is opened.
buildSync({
  entryPoints: [join(root, "node_modules", "yjs", "dist", "yjs.mjs")],
  outfile: join(target, "yjs", "yjs.js"),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  logLevel: "warning",
});
compress(join(target, "yjs", "yjs.js"));

/** Puts compressed twins beside a file; the server sends them to browsers that take them. */
function compress(path) {
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content));
}
