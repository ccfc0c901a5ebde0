// The matrices: the configurations of a spec in a table of two axes.
// Which parameter says what: a matrix is policy by target and era where a spec has them.
const archParam = "target", defaultRows = ["target", "era"], defaultCols = ["policy"];
const filters = {family: "", property: "", target: "", verdict: "", text: "", down: "", across: ""};
const places = new Map(); // by key: the configurations of each place on show

// verdict of a configuration for the property that is looked at. One that the configuration does not check, or does not observe, is not judged.
function verdict(c) {
  if (!filters.property) return c.f;
  if ((c.p || []).some(p => D.props[p].name === filters.property)) return "v";
  const j = c.judged.get(filters.property);
  return j ? j[0] : filters.property.startsWith("cover ") ? c.f === "u" ? "u" : "h" : "j";
}
// reason says why a configuration is unknown.
function reason(c) {
  const j = filters.property && c.judged.get(filters.property);
  return j ? j[1] : c.found;
}

function matrix(spec, list) {
  const free = swept.get(spec.name);
  const pick = (wish, fallback, not) => wish && free.includes(wish) ? [wish] : fallback.filter(p => free.includes(p) && !not.includes(p));
  let cols = pick(filters.across, defaultCols, []);
  let rows = pick(filters.down, defaultRows, cols);
  if (!cols.length) cols = free.filter(p => !rows.includes(p)).slice(0, 1);
  if (!rows.length) rows = free.filter(p => !cols.includes(p)).slice(0, 1);
  const key = (c, ps) => ps.map(p => c.val[p]).join(" ");
  const rowKeys = [...new Set(list.map(c => key(c, rows)))], colKeys = [...new Set(list.map(c => key(c, cols)))];
  const at = new Map();
  for (const c of list) {
    const k = key(c, rows) + "\n" + key(c, cols);
    if (!at.has(k)) at.set(k, []);
    at.get(k).push(c);
  }
  const notes = new Map(), axes = [...rows, ...cols];
  const body = rowKeys.map(r => el("tr", {}, el("th", {scope: "row"}, r || "all"), colKeys.map(k => {
    const here = at.get(r + "\n" + k);
    return el("td", {}, here ? place(here, spec, r, k, axes, notes) : null);
  })));
  const t = el("table", {class: "m"},
    el("caption", {class: "sr"}, spec.name + ", " + (cols.join(" and ") || "configurations") + " across, " + (rows.join(" and ") || "configurations") + " down"),
    el("thead", {}, el("tr", {}, el("th", {}, [rows.join(" "), cols.join(" ")].filter(x => x).join(" \\ ")), colKeys.map(k => el("th", {scope: "col"}, k || "all")))), el("tbody", {}, body));
  t.addEventListener("keydown", walkGrid);
  const [head, ...rest] = spec.doc.split("\n\n"), same = fixed.get(spec.name);
  return el("section", {id: "spec " + spec.name}, el("h2", {tabindex: "-1"}, spec.name),
    spec.doc ? el("p", {class: "spec-doc"}, head) : null, rest.length ? el("details", {class: "spec-doc"}, el("summary", {}, "more"), rest.map(x => el("p", {}, x))) : null,
    spec.warn ? el("p", {class: "spec-doc warn"}, spec.warn) : null,
    same.length ? el("p", {class: "small fixed"}, "In all of its configurations: " + same.join(", ")) : null, el("div", {class: "scroll"}, t),
    notes.size ? el("ul", {class: "notes"}, [...notes].map(([text, l]) => el("li", {}, "[" + l + "] " + text))) : null);
}

// where says in which of the configurations of a place something is so: conditions on parameters that vary among them and are no axes, as few and as short as possible.
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
    if (!covers) return those.length + " of " + all.length + " configurations";
    said.push(best);
    left = left.filter(c => project(c, names) !== best);
  }
  return said.join("; ");
}

// note explains a place whose configurations differ, or are unknown; "" if its verdict says everything.
function note(here, worst, spec, axes) {
  const those = here.filter(c => verdict(c) === worst), parts = [];
  const open = here.filter(c => verdict(c) === "u"), blind = here.filter(c => verdict(c) === "j");
  if (worst !== "h" && those.length < here.length) parts.push(verdictNames[worst] + " where " + where(here, those, spec, axes));
  if (worst === "v" && open.length) parts.push(open.length + " of " + here.length + " configurations unknown");
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
  const bad = here.filter(c => c.o === "n"), key = ["place", spec.name, row, col].join("|");
  places.set(key, here);
  return el("button", {type: "button", class: "place " + cls + (bad.length ? " n" : ""), "data-key": key, title: [spec.name, row, col, bad.length ? S[bad[0].w] : ""].filter(x => x).join(" "),
    "aria-label": [spec.name, row, col, text, why, bad.length ? "not as expected" : ""].filter(x => x).join(", "),
    onclick: () => go(placeOf(bad[0] || here.find(c => verdict(c) === "v") || here[0]))}, text);
}

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
