// The address says what is looked at: #spec?parameter=value&…;property=…;run=…;step=…, or #?filter=…&… for all configurations.
// The history keeps for each place how far it was scrolled, what had the focus, and over which list of configurations a configuration was opened.
const enc = s => encodeURIComponent(s).replace(/%2F/g, "/").replace(/%2C/g, ",");
const pairs = o => Object.entries(o).filter(([, v]) => v !== "" && v != null && v !== -1).map(([k, v]) => enc(k) + "=" + enc(String(v)));

function decode(s) { try { return decodeURIComponent(s); } catch { return s; } }
function unpair(list) {
  return Object.fromEntries(list.filter(x => x).map(x => { const i = x.indexOf("="); return i < 0 ? [decode(x), ""] : [decode(x.slice(0, i)), decode(x.slice(i + 1))]; }));
}
function parse() {
  const [place, ...opts] = location.hash.slice(1).split(";"), i = place.indexOf("?"), o = unpair(opts);
  const name = decode(i < 0 ? place : place.slice(0, i)), q = unpair(i < 0 ? [] : place.slice(i + 1).split("&"));
  return {spec: name, q, property: o.property || "", run: "run" in o ? +o.run : -1, step: "step" in o ? +o.step : -1, moves: o.moves || ""};
}
const placeOf = c => "#" + enc(c.spec) + (c.name ? "?" + pairs(c.val).join("&") : "");
const addressOf = (c, opts) => [placeOf(c), ...pairs(opts || {})].join(";");

// configAt is the configuration that an address names: exactly, or the first that agrees with what it says of parameters that the spec has.
const exact = new Map(configs.map(c => [placeOf(c), c]));
function configAt(at) {
  if (!at.spec) return null;
  const mine = configs.filter(c => c.spec === at.spec), same = mine.filter(c => Object.entries(at.q).every(([k, v]) => !(k in c.val) || c.val[k] === v));
  return exact.get(location.hash.split(";")[0]) || same[0] || null;
}

const focusKey = () => { const e = document.activeElement; return e && (e.dataset.key || e.id) || ""; };
// here is where the reader is: of matrices, which are drawn when they come near, the first in view and how far it has gone.
function here() {
  const top = overview() && scrollY > 0 ? [...document.querySelectorAll("#matrix > section")].find(s => s.getBoundingClientRect().bottom > 0) : null;
  const dy = top ? top.getBoundingClientRect().top : 0;
  return {hash: location.hash, y: scrollY, key: focusKey(), top: top && dy < 0 ? top.id : "", dy};
}
function keep(extra) { history.replaceState({...(history.state || {}), ...here(), ui, ...(extra || {})}, ""); }
const overview = () => !$("over").hidden;

// go opens an address as a new place in the history.
function go(hash) {
  keep();
  const over = overview() ? here() : (history.state || {}).over;
  history.pushState({over, ui}, "", hash || "#");
  route();
}
// swap changes the address of the place.
function swap(hash) { history.replaceState({...(history.state || {}), ui}, "", hash || "#"); }

// leave goes back to the list of configurations as it was.
function leave() {
  const over = (history.state || {}).over || {hash: "", y: 0, key: ""};
  keep();
  history.pushState({...over, ui}, "", over.hash || "#");
  route().then(restore);
}
function restore() {
  const s = history.state || {};
  const top = s.top && $(s.top);
  if (top) { top.scrollIntoView(); window.scrollBy(0, -s.dy); } else if (s.y != null) window.scrollTo(0, s.y);
  const e = s.key && (document.querySelector('[data-key="' + CSS.escape(s.key) + '"]') || $(s.key));
  if (e) e.focus({preventScroll: true});
}
history.scrollRestoration = "manual";
window.addEventListener("popstate", () => route().then(restore));
window.addEventListener("hashchange", () => route());
window.addEventListener("pagehide", () => keep());
