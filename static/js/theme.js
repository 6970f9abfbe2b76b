/* Runs before the first paint: the person's choice of light or dark, else the system's. */
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const show = () => {
    root.dataset.kernTheme = root.dataset.themeFixed ?? chosen() ?? (system.matches ? "dark" : "light");
  };
  show();
  system.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    const press = event.target instanceof Element && event.target.closest("[data-theme-switch]");
    if (!press) return;
    try {
      localStorage.setItem("theme", root.dataset.kernTheme === "dark" ? "light" : "dark");
    } catch {
      return;
    }
    show();
  });
})();
