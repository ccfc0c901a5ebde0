// Keys, the theme, and a server that says when there is something newer.
document.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || $("share").open) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "range" && e.target.type !== "checkbox";
  if (e.key === "/") {
    const find = overview() ? $("f-text") : $("s-find");
    if (!typing && find) { find.focus(); e.preventDefault(); }
    return;
  }
  if (e.key === "Escape") { if (typing && e.target.type === "search") e.target.blur(); else if (!overview()) leave(); else e.target.blur(); return; }
  if (!view || typing) return;
  const to = {ArrowRight: view.step + 1, j: view.step + 1, ArrowLeft: view.step - 1, k: view.step - 1, Home: 0, End: view.n, f: view.fatal || view.n}[e.key];
  if (to == null) return;
  view.show(to);
  e.preventDefault();
});
$("home").addEventListener("click", e => { e.preventDefault(); go("#"); window.scrollTo(0, 0); });
function paint() { if (ui.theme) document.documentElement.dataset.theme = ui.theme; }
$("theme").addEventListener("click", () => {
  const dark = ui.theme ? ui.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  ui.theme = dark ? "light" : "dark";
  paint();
  swap(location.hash);
});
paint();
$("made").textContent = [D.version, D.date].filter(x => x).join(", ");
drawFirst();
const arrived = history.state;
route().then(() => { if (arrived) restore(); });

if (D.live) (async () => {
  for (;;) {
    try {
      const r = await fetch(D.live);
      if (r.ok && (await r.text()) === "new") { keep(); location.reload(); return; }
    } catch { /* the server has gone; the page stays */ }
    await new Promise(f => setTimeout(f, 1000));
  }
})();
