// What is on the page, and how elements are made of it.
const $ = id => document.getElementById(id);
const D = JSON.parse($("data").textContent);
const S = D.strings;
const stateNames = ["live", "unlinked", "in the gather", "waits for a grace period", "freed", "not allocated"];
const verdictNames = {h: "holds", v: "violated", u: "unknown", j: "not judged"};
const letters = "hvuj"; // of the verdicts of properties

// el makes an element: el("td", {class: "c"}, "text", child). Text is only ever text.
function el(tag, attrs, ...kids) {
  const e = document.createElement(tag);
  for (const k in attrs || {}) {
    if (attrs[k] === false || attrs[k] == null) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), attrs[k]); else e.setAttribute(k, attrs[k]);
  }
  for (const kid of kids.flat(Infinity)) if (kid != null && kid !== false) e.append(kid);
  return e;
}
function svg(tag, attrs, ...kids) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const k in attrs) e.setAttribute(k, attrs[k]);
  e.append(...kids);
  return e;
}
const num = n => n.toLocaleString("en-US");
const plural = (n, one, many) => num(n) + " " + (n === 1 ? one : many || one + "s");
const uniq = list => [...new Set(list)].sort();

// unpack is the text behind gzip in base64.
function unpack(packed) {
  const raw = atob(packed), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

// Traces are unpacked when a configuration is looked at, and each is read when it is.
let traceLines = null, unpacking = null;
const loadTraces = () => unpacking = unpacking || unpack($("traces").textContent).then(text => { traceLines = text.split("\n"); });
const traceCache = new Map();
function traceOf(i) {
  if (!traceCache.has(i)) traceCache.set(i, JSON.parse(traceLines[i]));
  return traceCache.get(i);
}
let wholeLines = null;
const wholeLine = i => (wholeLines = wholeLines || $("whole").textContent.split("\n"))[i] || "";

// Configurations, with what filters look at.
const folded = new Map(); // texts in small letters, each once
const fold = s => { if (!folded.has(s)) folded.set(s, s.toLowerCase()); return folded.get(s); };
const configs = D.configurations.map(c => {
  const spec = D.specs[c.s], val = {};
  spec.params.forEach((p, i) => val[p] = S[c.v[i]]);
  c.val = val;
  c.spec = spec.name;
  c.family = spec.name.includes("/") ? spec.name.slice(0, spec.name.lastIndexOf("/")) : spec.name;
  c.name = spec.params.map(p => p + "=" + val[p]).join(" ");
  c.found = S[c.fd];
  c.judged = new Map((c.j || []).map(([p, v, why]) => [D.props[p].name, [letters[v], S[why]]]));
  c.text = (spec.name + " " + c.name + " " + c.found).toLowerCase();
  c.deep = [c.text, fold(spec.doc), fold(S[c.fn || 0])];
  return c;
});

// The parameters of a spec: swept ones differ among its configurations, fixed ones do not.
const swept = new Map(), fixed = new Map();
for (const [i, spec] of D.specs.entries()) {
  const mine = configs.filter(c => c.s === i);
  swept.set(spec.name, spec.params.filter(p => new Set(mine.map(c => c.val[p])).size > 1));
  fixed.set(spec.name, spec.params.filter(p => new Set(mine.map(c => c.val[p])).size === 1).map(p => p + "=" + mine[0].val[p]));
}

// What a reader has set up, which a new load of the page keeps.
const ui = Object.assign({full: false, pins: [], changed: false, find: "", temps: false, theme: "", open: {}}, (history.state || {}).ui);
