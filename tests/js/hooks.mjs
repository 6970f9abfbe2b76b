/** Lets tests import page modules: what they load from /static/vendor is replaced by stand-ins beside this file. */
import { register } from "node:module";

register(
  `data:text/javascript,${encodeURIComponent(`
    export function resolve(specifier, context, next) {
      const file = specifier.split("/").at(-1);
      const url = specifier.startsWith("/static/vendor/") ? new URL("stand_ins/" + file, ${JSON.stringify(import.meta.url)}).href : specifier;
      return next(url, context);
    }
  `)}`,
);
