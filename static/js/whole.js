/* Runs before all modules: a page of which one did not arrive, because the network changed meanwhile, is loaded again. */
(() => {
  const EVERY = 2_000;
  const TRIES = 3;
  const FORGOTTEN = 60_000;
  const KEY = "loaded again";
  let waiting = false;

  /** How often this was tried in the last minute. */
  const tries = () => {
    const [count, at] = JSON.parse(sessionStorage.getItem(KEY) ?? "[0, 0]");
    return Date.now() - at < FORGOTTEN ? count : 0;
  };

  const again = async () => {
    try {
      const { status } = await fetch(location.href, { method: "HEAD", cache: "no-store" });
      if (status >= 500) throw new Error(String(status)); // a server that is just starting is asked again
      sessionStorage.setItem(KEY, JSON.stringify([tries() + 1, Date.now()]));
      location.reload();
    } catch {
      setTimeout(again, EVERY);
    }
  };

  addEventListener(
    "error",
    ({ target }) => {
      if (!(target instanceof HTMLScriptElement) || waiting || tries() >= TRIES) return;
      waiting = true;
      setTimeout(again, EVERY);
    },
    true,
  );
})();
