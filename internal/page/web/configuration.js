// One configuration: its name and verdict, the runs of it, or what its proof rests on.
let view = null; // the trace on show
const witnesses = new Map(); // by configuration and property: the moves of runs that the reader has seen

// route draws what the address says. Traces may have to be unpacked first: until then the page stays as it is.
async function route() {
  if (configAt(parse()) && !traceLines) await loadTraces();
  const at = parse(), c = configAt(at);
  if (!c) {
    const was = view || !$("config").hidden;
    view = null;
    $("config").hidden = true;
    $("over").hidden = false;
    document.title = D.title;
    filtersFrom(at.spec ? {text: at.spec} : at.q);
    if (at.spec) $("count").textContent = "There is no configuration " + at.spec + " " + pairs(at.q).join(" ") + " here.";
    if (was) $("config").replaceChildren();
    return;
  }
  $("over").hidden = true;
  $("config").hidden = false;
  if (view && view.config === c && view.prop === at.property && view.run === at.run && view.moves === at.moves) {
    if (at.step >= 0 && at.step !== view.step) view.show(at.step, true);
    return;
  }
  document.title = c.spec + " " + c.name + " – " + D.title;
  drawConfig(c, at);
}

// siblings are the configurations of the place in a matrix from which a configuration was opened.
function siblings(c) {
  if (drawnFor == null) drawOverview();
  const over = (history.state || {}).over, list = over && places.get(over.key);
  return list && list.length > 1 && list.includes(c) ? list : [];
}

function drawConfig(c, at) {
  const box = $("config"), spec = D.specs[c.s], others = siblings(c), vary = swept.get(c.spec), props = c.p || [], runs = c.r || [];
  let k = Math.max(0, props.findIndex(p => D.props[p].name === (at.property || filters.property)));
  const differ = spec.params.filter(p => new Set(others.map(x => x.val[p])).size > 1);
  const head = [
    el("p", {class: "crumb"}, el("a", {href: "#", id: "back", onclick: e => { e.preventDefault(); leave(); }}, "All configurations"), " / " + c.spec),
    el("h2", {id: "config-name", tabindex: "-1"}, vary.map(p => [el("span", {class: "param"}, p + "=" + c.val[p]), " "]), vary.length ? null : c.spec),
    fixed.get(c.spec).length ? el("p", {class: "small fixed"}, fixed.get(c.spec).join(" ")) : null,
    el("p", {class: "outcome"}, el("span", {class: "tag " + (c.o === "n" ? "n" : c.f)}, c.found), " ", c.o !== "y" ? el("b", {class: "why"}, S[c.w]) : el("span", {class: "small"}, S[c.e] ? "as expected" : "")),
    others.length ? el("p", {class: "small others"}, "Configurations of this place: ", others.map(o => [el("a", {href: placeOf(o), "aria-current": o === c ? "true" : false, onclick: follow}, differ.map(p => p + "=" + o.val[p]).join(" ")), "  "])) : null,
  ];
  const tabs = el("div", {class: "tabs", role: "group", "aria-label": "What to look at"});
  const tab = (on, text, opts, title) => tabs.append(el("button", {type: "button", "aria-pressed": String(on), title: title || false, "data-key": "tab|" + text, onclick: () => go(addressOf(c, opts))}, text));
  const plain = at.run < 0 && !at.moves;
  if (!props.length) tab(plain, "proof", {});
  props.forEach((p, i) => tab(plain && i === k, D.props[p].name, {property: D.props[p].name}));
  runs.forEach((r, i) => tab(at.run === i && !at.moves, "run " + (i + 1), {run: i}, S[r.c] ? "reaches " + S[r.c] : ""));
  if (D.runs) tab(!!at.moves && !at.property, "your own run", {moves: "-"});
  if (D.runs && props.length && c.t[k] >= 0) {
    const name = D.props[props[k]].name, key = placeOf(c) + name, said = el("span", {class: "small", role: "status"});
    if (!witnesses.has(key)) witnesses.set(key, [movesUpTo(traceOf(c.t[k]), Infinity)]);
    const known = witnesses.get(key);
    if (at.moves && at.property === name && !known.some(m => m.join("_") === at.moves)) known.push(at.moves.split("_"));
    tabs.append(el("button", {type: "button", id: "another", onclick: () => another(c, name, known, said)}, "another run to " + name), said);
  }
  box.replaceChildren(...head.filter(x => x), tabs);
  view = null;
  let n = -1;
  if (at.moves && D.runs) explorer(c, at, box);
  else if (at.run >= 0 && runs[at.run]) {
    n = runs[at.run].t;
    if (S[runs[at.run].c]) box.append(el("p", {class: "small"}, "This run reaches " + S[runs[at.run].c] + "."));
  } else if (props.length) {
    const p = D.props[props[k]];
    box.append(el("details", {class: "small"}, el("summary", {}, p.title || p.name), p.meaning, p.rule ? [el("br"), "Kernel rule: " + p.rule] : null));
    n = c.t[k];
    if (n < 0) box.append(el("div", {class: "say"}, el("p", {}, S[c.m[k]])), el("p", {class: "small"}, "No run of it is stored here; this shows one: ", el("code", {}, commandOf(c, "check", ["-v"]))));
  } else box.append(card(c));
  if (n >= 0) {
    view = new TraceView(c, traceOf(n), box);
    view.prop = at.property; view.run = at.run; view.moves = at.moves; view.number = n;
    view.show(Math.max(0, at.step), true);
  }
  if (!(at.step > 0)) window.scrollTo(0, 0);
  if (!document.activeElement || document.activeElement === document.body || overview()) $("config-name").focus({preventScroll: true});
}

// card is what a verdict without a counterexample rests on: what was proved, how, that the dangerous places were reached, and runs to look at.
function card(c) {
  const rows = [], row = (name, ...what) => rows.push(el("dt", {}, name), el("dd", {}, what));
  const by = v => [...c.judged].filter(([, [x]]) => x === v), meaning = p => (D.props.find(x => x.name === p) || {}).meaning;
  row("Verdict", S[c.cd] + (c.o === "n" ? " " + S[c.w] : ""));
  const list = (v, cls) => by(v).length ? el("ul", {class: "judged"}, by(v).map(([p, [, why]]) => el("li", {}, el("b", {}, p), ": ", el("span", {class: "tag " + cls}, verdictNames[v] + (why ? ": " + why : "")), meaning(p) ? el("span", {class: "small"}, " " + meaning(p)) : null))) : null;
  row("What was proved", list("h", "h") || "nothing");
  if (by("u").length) row("Not decided", list("u", "u"));
  if (by("j").length) row("Not judged", list("j", "j"));
  const how = ["Search: " + (S[c.rd] === "none" ? "the full graph" : S[c.rd] + " reduction") + (c.sy ? "; what is interchangeable counts once" : "") + (S[c.so] ? "; visited states kept in a store that is not exact: " + S[c.so] : "; every visited state is kept exactly")];
  row("How", el("p", {}, how), el("p", {}, num(c.st) + " states, " + num(c.tr) + " transitions, longest path " + num(c.dp) + (c.ls ? "; " + num(c.ls) + " states for liveness" : "") + "."));
  row("Covers", (c.c || []).length ? el("ul", {}, c.c.map(([n, r]) => el("li", {}, S[n] + ": ", el("span", {class: "tag " + (S[r] === "reached" ? "h" : "j")}, S[r])))) : "the spec has none");
  row("Steps that never ran", c.dd ? num(c.dd) + " transitions" : "none");
  if ((c.r || []).length) row("Runs to look at", el("ul", {class: "runs"}, c.r.map((r, i) => el("li", {}, el("a", {href: addressOf(c, {run: i}), onclick: follow, "data-key": "run|" + i}, "run " + (i + 1)), S[r.c] ? " reaches " + S[r.c] : " reaches no cover"))));
  row("Model", el("code", {}, c.dg));
  row("Find it again", el("code", {class: "cmd"}, commandOf(c, "check", ["-v"])));
  return el("div", {class: "card"}, el("dl", {}, rows),
    c.f === "h" && !(c.r || []).length ? el("p", {class: "small"}, "No runs are stored for this configuration (" + num(D.cut) + " passing configurations have none, to keep the page small); pmdcheck simulate steps through any.") : null);
}
