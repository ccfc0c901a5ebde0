"use strict";
(() => {
const D = JSON.parse(document.getElementById("data").textContent);
const S = D.strings, $ = id => document.getElementById(id);
const stateNames = ["live", "unlinked", "in the gather", "waits for a grace period", "freed", "not allocated"];
const classes = ["", "lock", "unlock", "sync", "fatal"];
const verdictNames = {h: "holds", v: "violated", u: "unknown", j: "not judged"};
const letters = "hvuj"; // of the verdicts of properties

// el makes an element: el("td", {class: "c"}, "text", child). Text is only ever text.
function el(tag, attrs, ...kids) {
  const e = document.createElement(tag);
  for (const k in attrs || {}) {
    if (attrs[k] === false || attrs[k] == null) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), attrs[k]); else e.setAttribute(k, attrs[k]);
  }
  for (const kid of kids.flat(Infinity)) if (kid != null) e.append(kid);
  return e;
}
function svg(tag, attrs, ...kids) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const k in attrs) e.setAttribute(k, attrs[k]);
  e.append(...kids);
  return e;
}
const num = n => n.toLocaleString("en-US");

// Cells, with what filters look at.
const cells = D.cells.map(c => {
  const spec = D.specs[c.s];
  const val = {};
  spec.params.forEach((p, i) => val[p] = S[c.v[i]]);
  c.val = val;
  c.spec = spec.name;
  c.family = spec.name.includes("/") ? spec.name.slice(0, spec.name.lastIndexOf("/")) : spec.name;
  c.name = spec.params.map(p => p + "=" + val[p]).join(" ");
  c.found = S[c.fd];
  c.judged = new Map((c.j || []).map(([p, v, why]) => [D.props[p].name, [letters[v], S[why]]]));
  c.text = (spec.name + " " + c.name + " " + c.found).toLowerCase();
  return c;
});
const byNumber = new Map(cells.map(c => [c.n, c]));

// Which parameter says what: the matrix is policy by target and era where a spec has them.
const archParam = "target", defaultRows = ["target", "era"], defaultCols = ["policy"];
const filters = {family: "", prop: "", arch: "", verdict: "", text: "", rows: "", cols: ""};

function options(select, list, first) {
  select.replaceChildren(el("option", {value: ""}, first), ...list.map(x => el("option", {value: x}, x)));
}
const uniq = list => [...new Set(list)].sort();
const swept = new Map();
for (const spec of D.specs) {
  const mine = cells.filter(c => c.spec === spec.name);
  swept.set(spec.name, spec.params.filter(p => new Set(mine.map(c => c.val[p])).size > 1));
}
options($("f-family"), uniq(cells.map(c => c.family)), "all");
options($("f-prop"), D.props.map(p => p.name).sort(), "any");
options($("f-arch"), uniq(cells.map(c => c.val[archParam]).filter(x => x)), "all");
$("f-verdict").replaceChildren(...[["", "all"], ["h", "holds"], ["v", "violated"], ["u", "unknown"], ["j", "not judged"], ["n", "not as expected"]].map(([v, t]) => el("option", {value: v}, t)));
const params = uniq([...swept.values()].flat());
options($("f-rows"), params, "automatic");
options($("f-cols"), params, "automatic");

// verdict of a cell for the property that is looked at. One that the cell does not check, or does not observe, is not judged.
function verdict(c) {
  if (!filters.prop) return c.f;
  if ((c.p || []).some(p => D.props[p].name === filters.prop)) return "v";
  const j = c.judged.get(filters.prop);
  return j ? j[0] : filters.prop.startsWith("cover ") ? c.f === "u" ? "u" : "h" : "j";
}
// why a cell is unknown.
function reason(c) {
  const j = filters.prop && c.judged.get(filters.prop);
  return j ? j[1] : c.found;
}
function chosen() {
  const words = filters.text.toLowerCase().split(/\s+/).filter(x => x);
  return cells.filter(c => (!filters.family || c.family === filters.family) && (!filters.arch || c.val[archParam] === filters.arch) &&
    (!filters.verdict || (filters.verdict === "n" ? c.o === "n" : verdict(c) === filters.verdict)) && words.every(w => c.text.includes(w)));
}

let shown = 100, current = [];
function drawOverview() {
  current = chosen();
  const bad = current.filter(c => c.o === "n").length;
  $("count").textContent = num(current.length) + " of " + num(cells.length) + " cells" + (bad ? ", " + num(bad) + " not as expected" : "");
  const bySpec = new Map();
  for (const c of current) { if (!bySpec.has(c.spec)) bySpec.set(c.spec, []); bySpec.get(c.spec).push(c); }
  const out = document.createDocumentFragment();
  for (const spec of D.specs) if (bySpec.has(spec.name)) out.append(matrix(spec, bySpec.get(spec.name)));
  $("matrix").replaceChildren(out);
  shown = 100;
  drawList();
}

function matrix(spec, list) {
  const free = swept.get(spec.name);
  const pick = (wish, fallback, not) => wish && free.includes(wish) ? [wish] : fallback.filter(p => free.includes(p) && !not.includes(p));
  let cols = pick(filters.cols, defaultCols, []);
  let rows = pick(filters.rows, defaultRows, cols);
  if (!cols.length) cols = free.filter(p => !rows.includes(p)).slice(0, 1);
  if (!rows.length) rows = free.filter(p => !cols.includes(p)).slice(0, 1);
  const key = (c, ps) => ps.map(p => c.val[p]).join(" ");
  const rowKeys = [...new Set(list.map(c => key(c, rows)))], colKeys = [...new Set(list.map(c => key(c, cols)))];
  const places = new Map();
  for (const c of list) {
    const k = key(c, rows) + "\n" + key(c, cols);
    if (!places.has(k)) places.set(k, []);
    places.get(k).push(c);
  }
  const notes = new Map();
  const axes = [...rows, ...cols];
  const body = rowKeys.map(r => el("tr", {}, el("th", {scope: "row"}, r || "all"), colKeys.map(k => {
    const here = places.get(r + "\n" + k);
    return el("td", {}, here ? place(here, spec, r, k, axes, notes) : null);
  })));
  const t = el("table", {class: "m"},
    el("caption", {class: "sr"}, spec.name + ", " + (cols.join(" and ") || "cells") + " across, " + (rows.join(" and ") || "cells") + " down"),
    el("thead", {}, el("tr", {}, el("th", {}, [rows.join(" "), cols.join(" ")].filter(x => x).join(" \\ ")), colKeys.map(k => el("th", {scope: "col"}, k || "all")))), el("tbody", {}, body));
  t.addEventListener("keydown", walkGrid);
  return el("section", {}, el("h2", {}, spec.name), spec.doc ? el("p", {class: "spec-doc"}, spec.doc) : null, spec.warn ? el("p", {class: "spec-doc warn"}, spec.warn) : null, el("div", {class: "scroll"}, t),
    notes.size ? el("ul", {class: "notes"}, [...notes].map(([text, l]) => el("li", {}, "[" + l + "] " + text))) : null);
}

// where says in which of the cells of a place something is so: conditions on parameters that vary among them and are no axes, as few and as short as possible.
function where(all, those, spec, axes) {
  const free = spec.params.filter(p => !axes.includes(p) && new Set(all.map(c => c.val[p])).size > 1);
  const subsets = (names, n) => n === 0 ? [[]] : names.flatMap((x, i) => subsets(names.slice(i + 1), n - 1).map(rest => [x, ...rest]));
  const project = (c, ps) => ps.map(p => p + "=" + c.val[p]).join(" ");
  const is = new Set(those), said = [];
  let left = those;
  while (left.length) {
    let best = "", names = null, covers = 0;
    for (let size = 1; size <= free.length && !covers; size++) for (const ps of subsets(free, size)) {
      const wrong = new Set(all.filter(c => !is.has(c)).map(c => project(c, ps))), count = new Map();
      for (const c of left) count.set(project(c, ps), (count.get(project(c, ps)) || 0) + 1);
      for (const [s, k] of count) if (!wrong.has(s) && k > covers) { best = s; names = ps; covers = k; }
    }
    if (!covers) return those.length + " of " + all.length + " cells";
    said.push(best);
    left = left.filter(c => project(c, names) !== best);
  }
  return said.join("; ");
}

// note explains a place whose cells differ, or are unknown; "" if its verdict says everything.
function note(here, worst, spec, axes) {
  const those = here.filter(c => verdict(c) === worst), parts = [];
  const open = here.filter(c => verdict(c) === "u"), blind = here.filter(c => verdict(c) === "j");
  if (worst !== "h" && those.length < here.length) parts.push(verdictNames[worst] + " where " + where(here, those, spec, axes));
  if (worst === "v" && open.length) parts.push(open.length + " of " + here.length + " cells unknown");
  if (worst !== "j" && blind.length) parts.push("not judged where " + where(here, blind, spec, axes));
  if (open.length) parts.push("stopped by: " + uniq(open.map(reason)).join(", "));
  return parts.join("; ");
}
const letter = n => { let s = ""; for (n++; n > 0; n = Math.floor((n - 1) / 26)) s = String.fromCharCode(97 + (n - 1) % 26) + s; return s; };

function place(here, spec, row, col, axes, notes) {
  const n = {h: 0, v: 0, u: 0, j: 0};
  here.forEach(c => n[verdict(c)]++);
  const worst = n.v ? "v" : n.u ? "u" : n.h ? "h" : "j";
  const cls = n.v && n.v < here.length ? "x" : worst;
  let text = here.length === 1 ? verdictNames[worst] : {v: n.v + "/" + here.length + " violated", u: n.u + "/" + here.length + " unknown", h: n.h + " hold", j: "not judged"}[worst];
  const why = note(here, worst, spec, axes);
  if (why) {
    if (!notes.has(why)) notes.set(why, letter(notes.size));
    text += " [" + notes.get(why) + "]";
  }
  const bad = here.some(c => c.o === "n");
  return el("button", {type: "button", class: "place " + cls + (bad ? " n" : ""), title: spec.name + " " + row + " " + col,
    "aria-label": [spec.name, row, col, text, why, bad ? "not as expected" : ""].filter(x => x).join(", "),
    onclick: () => {
      const first = here.find(c => verdict(c) === "v") || here[0];
      if (here.length === 1) go({c: first.n}); else { go({c: first.n}); }
      siblings = here;
    }}, text);
}
let siblings = [];

// walkGrid moves the focus between the places of a matrix with the arrow keys.
function walkGrid(e) {
  const d = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[e.key];
  if (!d || !e.target.classList.contains("place")) return;
  const td = e.target.parentElement, tr = td.parentElement, table = tr.parentElement;
  let r = tr.sectionRowIndex, c = td.cellIndex, next = null;
  do {
    r += d[0]; c += d[1];
    const cell = table.rows[r] && table.rows[r].cells[c];
    if (!cell) break;
    next = cell.querySelector("button");
  } while (!next);
  if (next) { next.focus(); e.preventDefault(); }
}

function drawList() {
  const body = $("list").tBodies[0];
  body.replaceChildren(...current.slice(0, shown).map(c => el("tr", {},
    el("td", {}, el("a", {href: "#c=" + c.n}, c.spec), " ", c.name),
    el("td", {}, el("span", {class: "tag " + c.f}, c.found), c.o === "n" ? [" ", el("span", {class: "tag v"}, "not as expected")] : null),
    el("td", {}, num(c.st)), el("td", {}, num(c.tr)))));
  $("more").hidden = shown >= current.length;
  $("more").textContent = "Show " + num(Math.min(500, current.length - shown)) + " more of " + num(current.length - shown);
}

// The address holds what is looked at: #c=cell&p=property&r=run&s=step.
function parse() {
  const q = new URLSearchParams(location.hash.slice(1));
  return {c: +q.get("c") || 0, p: q.get("p") || "", r: q.has("r") ? +q.get("r") : -1, s: q.has("s") ? +q.get("s") : -1};
}
function go(o) {
  const q = new URLSearchParams();
  if (o.c) q.set("c", o.c);
  if (o.p) q.set("p", o.p);
  if (o.r >= 0) q.set("r", o.r);
  if (o.s >= 0) q.set("s", o.s);
  location.hash = q.toString();
}

let view = null; // the trace on show
function route() {
  const at = parse(), c = byNumber.get(at.c);
  if (!c) {
    view = null;
    $("cell").hidden = true;
    $("over").hidden = false;
    document.title = D.title;
    return;
  }
  $("over").hidden = true;
  $("cell").hidden = false;
  if (view && view.cell === c && view.prop === at.p && view.run === at.r) {
    if (at.s >= 0 && at.s !== view.step) view.show(at.s, true);
    return;
  }
  document.title = c.spec + " " + c.name + " – " + D.title;
  drawCell(c, at);
}

function drawCell(c, at) {
  const box = $("cell"), spec = D.specs[c.s];
  const others = siblings.length > 1 && siblings.includes(c) ? siblings : [];
  let k = 0;
  if (at.p) k = Math.max(0, (c.p || []).findIndex(p => D.props[p].name === at.p));
  else if (c.p && filters.prop) k = Math.max(0, c.p.findIndex(p => D.props[p].name === filters.prop));
  const head = [
    el("p", {class: "crumb"}, el("a", {href: "#", onclick: e => { e.preventDefault(); go({}); }}, "All cells"), " / " + c.spec),
    el("h2", {id: "cell-name", tabindex: "-1"}, c.name || c.spec, " ", el("span", {class: "tag " + c.f}, c.found), c.o === "n" ? [" ", el("span", {class: "tag v"}, S[c.w])] : el("span", {class: "small"}, " " + (S[c.e] ? "as expected" : ""))),
    others.length ? el("p", {class: "small"}, "Cells of this place: ", others.map(o => [el("a", {href: "#c=" + o.n, "aria-current": o === c ? "true" : false}, spec.params.filter(p => new Set(others.map(x => x.val[p])).size > 1).map(p => p + "=" + o.val[p]).join(" ")), " "])) : null,
  ];
  const tabs = el("div", {class: "tabs", role: "group", "aria-label": "What to look at"});
  (c.p || []).forEach((p, i) => tabs.append(el("button", {type: "button", "aria-pressed": String(at.r < 0 && i === k), onclick: () => go({c: c.n, p: D.props[p].name})}, D.props[p].name)));
  (c.r || []).forEach((r, i) => tabs.append(el("button", {type: "button", "aria-pressed": String(at.r === i), onclick: () => go({c: c.n, r: i})}, "run " + (i + 1))));
  if (c.r && c.r.length && !(c.p || []).length) tabs.prepend(el("button", {type: "button", "aria-pressed": String(at.r < 0), onclick: () => go({c: c.n})}, "proof"));
  box.replaceChildren(...head.filter(x => x), tabs);
  view = null;
  let t = null;
  if (at.r >= 0 && c.r && c.r[at.r] != null) t = D.traces[c.r[at.r]];
  else if (at.r < 0 && c.p && c.p.length) {
    const p = D.props[c.p[k]];
    box.append(el("details", {class: "small"}, el("summary", {}, p.title), p.meaning, p.rule ? [el("br"), "Kernel rule: " + p.rule] : null));
    if (c.t[k] >= 0) t = D.traces[c.t[k]];
    else box.append(el("div", {class: "say"}, el("p", {}, S[c.m[k]])), el("p", {class: "small"}, "No trace of it is stored here; pmdcheck check --set … -v shows one."));
  }
  if (t) { view = new TraceView(c, t, box); view.prop = at.p; view.run = at.r; view.show(Math.max(0, at.s), true); }
  else if (!(c.p || []).length) box.append(card(c));
  $("cell-name").focus({preventScroll: true});
  window.scrollTo(0, 0);
}

// card is what a verdict without a counterexample rests on.
function card(c) {
  const rows = [["Verdict", S[c.cd] + (c.o === "n" ? " " + S[c.w] : "")], ["Properties", el("ul", {}, [...c.judged].map(([p, [v, why]]) => el("li", {}, p + ": ", el("span", {class: "tag " + v}, verdictNames[v] + (why ? ": " + why : "")))))],
    ["States", num(c.st)], ["Transitions", num(c.tr)], ["Longest path", num(c.dp)],
    ["Reduction", S[c.rd] === "none" ? "none: the full graph" : S[c.rd] + ": of steps that commute, only one order"],
    ["Covers", (c.c || []).length ? el("ul", {}, c.c.map(([n, r]) => el("li", {}, S[n] + ": ", el("span", {class: "tag " + (S[r] === "reached" ? "h" : "j")}, S[r])))) : "the spec has none"],
    ["Steps that never ran", c.dd ? num(c.dd) + " transitions" : "none"], ["Model", c.dg]];
  return el("div", {class: "card"}, el("dl", {}, rows.map(([a, b]) => [el("dt", {}, a), el("dd", {}, b)])),
    c.f === "h" && !(c.r || []).length ? el("p", {class: "small"}, "No runs are stored for this cell (" + num(D.cut) + " passing cells have none, to keep the page small); pmdcheck simulate steps through any.") : null);
}

class TraceView {
  constructor(cell, t, box) {
    this.cell = cell; this.t = t; this.n = t.s.length; this.full = false;
    this.fatal = 0;
    t.s.forEach((s, i) => { if (s.z) this.fatal = i + 1; });
    this.after = t.s.map(() => []);
    t.s.forEach((s, i) => (s.d || []).forEach(j => this.after[j - 1].push(i + 1)));
    box.append(el("div", {class: "say"}, t.m.map(m => el("p", {}, S[m]))));
    this.range = el("input", {type: "range", min: 0, max: this.n, value: 0, "aria-label": "Step", oninput: () => this.show(+this.range.value)});
    this.out = el("output", {});
    const b = (text, label, f) => el("button", {type: "button", "aria-label": label, onclick: f}, text);
    box.append(el("div", {class: "bar"}, b("|◀", "Start", () => this.show(0)), b("◀", "Step back", () => this.show(this.step - 1)), b("▶", "Step", () => this.show(this.step + 1)), b("▶|", "Last step", () => this.show(this.n)),
      this.range, this.out, this.fatal ? b("Failing step", "Go to the failing step", () => this.show(this.fatal)) : null,
      el("label", {}, el("input", {type: "checkbox", id: "full", onchange: e => { this.full = e.target.checked; this.table(); this.show(this.step, true); }}), " every step"),
      el("span", {class: "small"}, el("kbd", {}, "←"), " ", el("kbd", {}, "→"), " step  ", el("kbd", {}, "f"), " failing step  ", el("kbd", {}, "Esc"), " back")));
    this.seq = el("div", {class: "seq"});
    this.side = el("aside", {class: "side", "aria-label": "The step"});
    box.append(el("div", {class: "two"}, this.seq, this.side));
    this.table();
  }

  // lines are what the table shows: what matters, or a line for every step.
  lines() {
    if (!this.full) return this.t.l;
    const out = [], none = this.t.o.map(() => 0);
    let fn = [];
    this.t.s.forEach((s, i) => {
      const lane = Math.max(0, this.t.pr[s.p].l), stack = S[s.k].split("\n").map(x => x.split("\t")[0]).slice(1);
      const inner = stack.length ? stack[stack.length - 1] : "";
      if (inner && fn[lane] !== inner) out.push([i + 1, lane, 0, this.intern(inner + "()"), 0, ...none]);
      fn[lane] = inner;
      const w = (s.w || []).map(([c, , v]) => S[c] + " = " + S[v]);
      const text = w.length ? w.join("; ") : S[s.t] + ((s.r || []).length ? "  (" + s.r.map(([c, v]) => S[c] + " == " + S[v]).join(", ") + ")" : "");
      out.push([i + 1, lane, inner ? 1 : 0, this.intern(text), s.z ? 4 : 0, ...none]);
      if (s.z) out.push([i + 1, lane, inner ? 1 : 0, this.intern("^^^ " + S[s.z]), 4, ...none]);
    });
    this.t.lf.forEach((life, o) => { for (const l of life) if (l[2]) for (let k = out.length - 1; k >= 0; k--) if (out[k][0] === l[0]) { out[k][5 + o] = l[2]; break; } });
    return out;
  }
  intern(s) { let i = S.indexOf(s); if (i < 0) { i = S.length; S.push(s); } return i; }

  // life is what has become of an object after a step.
  life(object, step) {
    let l = null;
    for (const x of this.t.lf[object]) if (x[0] <= step) l = x;
    return l;
  }

  table() {
    const t = this.t, lines = this.lines(), lanes = t.c.length;
    const holds = t.c.map((_, lane) => t.h.filter(h => t.pr[h[1]].l === lane && (h[4] || this.fatal && h[1] === t.s[this.fatal - 1].p && (h[3] === 0))));
    const head = el("tr", {}, el("th", {scope: "col"}, "step"));
    t.c.forEach((c, lane) => { holds[lane].forEach(() => head.append(el("td", {class: "hold"}))); head.append(el("th", {scope: "col"}, S[c])); });
    if (t.g.length || t.cy) head.append(el("th", {class: "sr"}, "waits"));
    t.o.forEach(o => head.append(el("th", {scope: "col", colspan: 2}, S[o])));
    const body = el("tbody", {});
    let last = -1, alt = false;
    this.rows = [];
    const first = s => lines.findIndex(l => l[0] >= s), final = s => { let k = -1; lines.forEach((l, i) => { if (l[0] > 0 && l[0] <= s) k = i; }); return k; };
    const periods = t.g.map(g => [g, first(g[1]), g[2] ? final(g[2]) : lines.length - 1]);
    if (t.cy) periods.push([[this.intern("repeats for ever"), t.cy, 0, 0], first(t.cy), lines.length - 1]);
    lines.forEach((l, i) => {
      const [step, lane, indent, text, cls, ...notes] = l; // a step of 0 is the start, one of -1 none
      const at = step < 0 ? this.n : step;
      const fresh = step !== last;
      if (fresh) alt = !alt;
      last = step;
      const tr = el("tr", {class: (alt ? "alt" : "") + (step > 0 && step === this.fatal ? " fatalrow" : ""), "data-step": at});
      tr.append(el("td", {class: "num"}, fresh && step >= 0 ? String(step) : ""));
      for (let k = 0; k < lanes; k++) {
        for (const h of holds[k]) {
          const on = at >= h[2] && (h[3] === 0 || at <= h[3]);
          tr.append(el("td", {class: "hold", title: on ? S[h[0]] : false}, on ? el("i", {class: "s" + h[4]}) : null));
        }
        const td = el("td", {class: "c " + classes[k === lane ? cls : 0]}, k === lane ? S[text] : "");
        if (k === lane) { td.style.paddingLeft = (10 + 14 * (indent + 1)) + "px"; td.style.textIndent = "-14px"; }
        tr.append(td);
      }
      if (t.g.length || t.cy) {
        const g = periods.find(([, a, b]) => a >= 0 && i >= a && i <= b);
        tr.append(el("td", {class: "per", title: g ? S[g[0][0]] : false}, g ? el("i", {class: (g[0][3] ? "g" : "") + (i === g[1] ? " top" : "") + (i === g[2] ? " end" : "")}) : null));
      }
      const done = i + 1 >= lines.length || lines[i + 1][0] !== step;
      t.o.forEach((_, o) => {
        const s = this.life(o, done ? at : at - 1) || [0, 0, 0], note = S[notes[o] || 0];
        tr.append(el("td", {class: "bar-l", title: stateNames[s[1]]}, el("i", {class: "l" + s[1]})), el("td", {class: "note" + (note === "freed" ? " freed" : "")}, note));
      });
      if (at > 0) {
        tr.addEventListener("click", () => this.show(at));
        tr.addEventListener("mouseenter", () => this.relate(at));
        tr.addEventListener("mouseleave", () => this.relate(this.step));
      }
      this.rows.push(tr);
      body.append(tr);
    });
    this.seq.replaceChildren(el("table", {class: "t"}, el("caption", {class: "sr"}, "Steps, a column for each CPU"), el("thead", {}, head), body));
  }

  // relate marks the steps that happen right before and after one.
  relate(step) {
    const before = step ? this.t.s[step - 1].d || [] : [], after = step ? this.after[step - 1] : [];
    for (const r of this.rows) {
      const s = +r.dataset.step;
      r.classList.toggle("before", before.includes(s));
      r.classList.toggle("after", after.includes(s));
    }
  }

  show(step, quiet) {
    step = Math.max(0, Math.min(this.n, step));
    this.step = step;
    this.range.value = step;
    this.out.textContent = step + " of " + this.n;
    let row = null, near = null;
    for (const r of this.rows) {
      const s = +r.dataset.step;
      r.classList.toggle("cur", s === step && step > 0);
      r.classList.toggle("later", s > step && step > 0);
      if (s === step && step > 0) { row = row || r; r.setAttribute("aria-current", "step"); } else r.removeAttribute("aria-current");
      if (s <= step) near = r;
    }
    this.relate(step);
    const target = row || near;
    if (target && !quiet) target.scrollIntoView({block: "nearest"});
    this.details();
    if (!quiet) $("live").textContent = this.spoken();
    const at = parse();
    if (at.s !== step) { const q = new URLSearchParams(location.hash.slice(1)); q.set("c", this.cell.n); q.set("s", step); history.replaceState(null, "", "#" + q); }
  }

  spoken() {
    if (!this.step) return "Start";
    const s = this.t.s[this.step - 1];
    return "Step " + this.step + " of " + this.n + ", " + S[this.t.pr[s.p].w] + ": " + S[s.t] + (s.z ? ", " + S[s.z] : "") + this.t.o.map((o, k) => { const l = this.life(k, this.step); return l ? ", " + S[o] + " " + stateNames[l[1]] : ""; }).join("");
  }

  // state is the value of every cell after a step, and which of them the step changed.
  state(step) {
    const v = new Map();
    for (const [c, x] of this.t.i) v.set(c, x);
    const changed = new Set();
    for (let i = 0; i < step; i++) for (const [c, , x] of this.t.s[i].w || []) { v.set(c, x); if (i === step - 1) changed.add(c); }
    return [v, changed];
  }

  details() {
    const t = this.t, out = [];
    t.o.forEach((o, k) => {
      const l = this.life(k, this.step);
      if (l) out.push(el("p", {}, S[o] + " ", el("span", {class: "state l" + l[1], id: k ? false : "life"}, stateNames[l[1]])));
    });
    if (!this.step) out.push(el("p", {}, "The start. ", el("span", {class: "small"}, "Step with the arrow keys.")));
    else {
      const s = t.s[this.step - 1];
      out.push(el("h3", {}, "Step " + this.step), el("p", {}, el("b", {}, S[t.pr[s.p].w]), ": ", el("code", {}, S[s.t]), s.z ? [" ", el("span", {class: "tag v"}, S[s.z])] : null));
      const stack = S[s.k].split("\n").map(x => x.split("\t")).slice(1);
      if (stack.length) out.push(el("ul", {}, stack.map(([f, k]) => el("li", {}, el("code", {}, f + "()"), k ? el("span", {class: "small"}, " " + k) : null))));
      if ((s.w || []).length) out.push(el("h3", {}, "Changes"), el("dl", {}, s.w.map(([c, a, b]) => [el("dt", {}, S[c]), el("dd", {class: "chg"}, (S[a] || "?") + " → " + S[b])])));
      if ((s.r || []).length) out.push(el("h3", {}, "Reads"), el("dl", {}, s.r.map(([c, a]) => [el("dt", {}, S[c]), el("dd", {}, S[a])])));
      out.push(...this.source(s));
      if ((s.e || []).length) out.push(el("h3", {}, "What else could have run"), el("ul", {}, s.e.map(x => { const [w, f, lab] = S[x].split("\t"); return el("li", {}, w + ": ", el("code", {}, (f ? f + "(): " : "") + lab)); })));
    }
    if (t.b && this.step === this.n) out.push(el("h3", {}, "Who waits"), el("ul", {}, t.b.map(b => el("li", {}, S[b]))));
    out.push(el("h3", {}, "Properties"), el("p", {class: "props"}, t.ck.map(q => {
      let broken = false;
      for (let i = 0; i < this.step; i++) if (t.s[i].y === q) broken = true;
      if (this.step && (t.s[this.step - 1].x || []).includes(q)) broken = true;
      if (this.step === this.n && t.p === q) broken = true;
      const j = this.cell.judged.get(S[q]), blind = !broken && j && j[0] === "j";
      return el("span", {class: broken ? "v" : blind ? "j" : "h"}, (broken ? "✗ " : blind ? "– " : "✓ ") + S[q] + (blind ? " (not judged)" : ""));
    })));
    const [v, changed] = this.state(this.step);
    const names = [...v.keys()].sort((a, b) => S[a] < S[b] ? -1 : 1);
    out.push(el("details", {open: this.open ? "" : false, ontoggle: e => this.open = e.target.open}, el("summary", {}, "State after the step (" + names.length + " cells)"),
      el("dl", {}, names.map(c => [el("dt", {}, S[c]), el("dd", {class: changed.has(c) ? "chg" : false}, S[v.get(c)])]))));
    out.push(...this.machine());
    this.side.replaceChildren(...out);
  }

  source(s) {
    const src = D.sources[S[s.f]];
    if (!src || !s.n) return [];
    const lines = src.split("\n"), from = Math.max(1, s.n - 3), to = Math.min(lines.length, s.n + 2);
    const pre = el("pre", {class: "src"});
    for (let i = from; i <= to; i++) pre.append(el("span", {class: i === s.n ? "hit" : false}, el("i", {}, i), lines[i - 1] || " "));
    return [el("h3", {}, S[s.f] + ":" + s.n), pre];
  }

  // machine draws the state machine of the process that moves: locations down, forward arcs at the right, backward ones at the left.
  machine() {
    const ms = this.cell.mc >= 0 ? D.machines[this.cell.mc] : null;
    if (!ms || !this.step) return [];
    const s = this.t.s[this.step - 1], m = ms.find(x => x.p === this.t.pr[s.p].n);
    if (!m) return [];
    const at = new Set([m.s, ...(m.e || [])]);
    m.t.forEach(([a, b]) => { at.add(a); if (b >= 0) at.add(b); });
    const locs = [...at].sort((a, b) => a - b), y = new Map(locs.map((l, i) => [l, 16 + 30 * i]));
    const g = svg("svg", {width: 360, height: 30 * locs.length + 10, role: "img", "aria-label": "State machine of " + S[m.p]});
    let here = null;
    for (const [a, b, lab] of m.t) {
      if (!y.has(a) || !y.has(b)) continue;
      const taken = a === s.a && b === s.b, ya = y.get(a), yb = y.get(b), gap = Math.abs(yb - ya) / 30;
      const side = yb > ya ? 1 : -1, bow = gap <= 1 && side > 0 ? 0 : 10 + Math.min(38, 4 * gap), x = 70;
      const d = bow ? `M${x + 8 * side} ${ya}C${x + side * bow * 1.6} ${ya},${x + side * bow * 1.6} ${yb},${x + 8 * side} ${yb}` : `M${x} ${ya + 8}V${yb - 8}`;
      const path = svg("path", {d, class: taken ? "taken" : ""});
      path.append(svg("title", {}, S[lab]));
      g.append(path);
      if (!bow || taken) g.append(svg("text", {x: 132, y: bow ? (ya + yb) / 2 + 3 : ya + 18, class: "e"}, S[lab].slice(0, 38)));
    }
    for (const l of locs) {
      const n = svg("g", {class: l === s.b ? "on" : ""}, svg("circle", {cx: 70, cy: y.get(l), r: 8}), svg("text", {x: 70, y: y.get(l) + 3.5, "text-anchor": "middle"}, String(l)));
      if ((m.e || []).includes(l)) n.prepend(svg("circle", {cx: 70, cy: y.get(l), r: 11}));
      if (l === s.b) here = n;
      g.append(n);
    }
    const box = el("div", {class: "fsm", tabindex: 0}, g);
    const d = el("details", {open: this.fsm ? "" : false, ontoggle: e => { this.fsm = e.target.open; if (this.fsm && here) box.scrollTop = Math.max(0, y.get(s.b) - 150); }}, el("summary", {}, "State machine of " + S[m.p]), box);
    if (this.fsm && here) requestAnimationFrame(() => box.scrollTop = Math.max(0, y.get(s.b) - 150));
    return [d];
  }
}

document.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "range" && e.target.type !== "checkbox";
  if (e.key === "/" && !typing) { if (!$("over").hidden) { $("f-text").focus(); e.preventDefault(); } return; }
  if (e.key === "Escape") { if (!$("cell").hidden) go({}); else e.target.blur(); return; }
  if (!view || typing) return;
  const to = {ArrowRight: view.step + 1, j: view.step + 1, ArrowLeft: view.step - 1, k: view.step - 1, Home: 0, End: view.n, f: view.fatal || view.n}[e.key];
  if (to == null) return;
  view.show(to);
  e.preventDefault();
});
for (const f of Object.keys(filters)) {
  const input = $("f-" + f);
  input.addEventListener("input", () => { filters[f] = input.value; drawOverview(); });
}
$("more").addEventListener("click", () => { shown += 500; drawList(); });
$("home").addEventListener("click", e => { e.preventDefault(); go({}); });
$("theme").addEventListener("click", () => {
  const r = document.documentElement, dark = r.dataset.theme ? r.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  r.dataset.theme = dark ? "light" : "dark";
});
window.addEventListener("hashchange", route);
const tally = {y: 0, n: 0, u: 0};
cells.forEach(c => tally[c.o]++);
$("sum").textContent = num(cells.length) + " cells: " + num(tally.y) + " as expected, " + num(tally.n) + " not, " + num(tally.u) + " without a verdict";
drawOverview();
route();

// A server says when there is something newer.
$("filter").addEventListener("submit", e => e.preventDefault());

if (D.live) (async () => {
  for (;;) {
    try {
      const r = await fetch(D.live);
      if (r.ok && (await r.text()) === "new") { location.reload(); return; }
    } catch { /* the server has gone; the page stays */ }
    await new Promise(f => setTimeout(f, 1000));
  }
})();
})();
