// What else could have run. Where a server answers, each alternative is a choice: the run goes on along it, step by step, to a cover or a violation, and back.
const moveOf = s => [s.p, s.v[0], s.v[1]].join(".");
const movesUpTo = (t, n) => t.s.slice(0, n).map(moveOf);

// ask asks the server for a run of a configuration: {run, strings, choices, covers, properties, error}.
async function ask(c, q) {
  const p = new URLSearchParams({spec: c.spec, digest: c.dg, ...q});
  D.specs[c.s].params.forEach(name => p.append("set", name + "=" + c.val[name]));
  const r = await fetch(D.runs + "?" + p);
  if (!r.ok) throw new Error(await r.text());
  return r.json();
}
const along = (c, moves) => go(addressOf(c, {moves: moves.join("_") || "-", step: moves.length}));

function alternatives(view) {
  const {t, S, config} = view, s = t.s[view.step - 1];
  if (!s || !(s.e || []).length) return [];
  return [el("h3", {}, "What else could have run"), el("ul", {class: "else"}, s.e.map(x => {
    const [w, f, lab, move] = S[x].split("\t"), text = [w + ": ", el("code", {}, (f ? f + "(): " : "") + lab)];
    return el("li", {}, D.runs && move ? el("button", {type: "button", class: "choice", onclick: () => along(config, [...movesUpTo(t, view.step - 1), move])}, text) : text);
  })), D.runs ? null : el("p", {class: "small"}, "pmdcheck serve lets you go on along them; pmdcheck simulate steps through this configuration in a terminal.")];
}

// explorer is the view of a run that the reader makes.
async function explorer(c, at, box) {
  const moves = at.moves === "-" ? [] : at.moves.split("_").filter(x => x);
  const busy = el("p", {class: "small", role: "status"}, "…");
  box.append(busy);
  let got;
  try { got = await ask(c, {moves: moves.join("_")}); } catch (e) { busy.replaceWith(el("p", {class: "tag n", role: "alert"}, "This run cannot be made: " + e.message)); return; }
  if (parse().moves !== at.moves) return; // the reader has gone on
  const S = got.strings, t = got.run, said = el("span", {class: "small", role: "status"});
  const run = async goal => {
    said.textContent = "searching …";
    try {
      const r = await ask(c, {moves: moves.join("_"), goal});
      along(c, r.run.s.map(moveOf));
    } catch (e) { said.textContent = e.message; }
  };
  const goals = el("select", {id: "goal", "aria-label": "Run on to"}, el("optgroup", {label: "violation of"}, el("option", {value: "property:"}, "any property"), got.properties.map(p => el("option", {value: "property:" + p}, p))),
    got.covers.length ? el("optgroup", {label: "cover"}, got.covers.map(p => el("option", {value: "cover:" + p}, p))) : null);
  busy.replaceWith(el("section", {class: "explore", "aria-label": "Your run"},
    el("p", {class: "tools"}, el("button", {type: "button", id: "undo", disabled: moves.length ? false : "", onclick: () => along(c, moves.slice(0, -1))}, "Undo"), "Run on to", goals, el("button", {type: "button", id: "run-on", onclick: () => run(goals.value)}, "Run"), said),
    el("p", {class: "small"}, got.wrong ? el("b", {class: "tag n"}, got.wrong) : got.choices.length ? "What runs next?" : "Nothing can run any more."),
    el("ul", {class: "else next"}, got.choices.map(x => { const [w, f, lab, move] = S[x].split("\t"); return el("li", {}, el("button", {type: "button", class: "choice", "data-key": "next|" + move, onclick: () => along(c, [...moves, move])}, w + ": ", el("code", {}, (f ? f + "(): " : "") + lab))); }))));
  const next = document.querySelector(".next .choice");
  if (next && (document.activeElement === document.body || document.activeElement === $("config-name"))) next.focus({preventScroll: true});
  view = new TraceView(c, t, box, S, !got.wrong);
  view.prop = at.property; view.run = at.run; view.moves = at.moves; view.number = -1; view.file = got.file;
  view.show(at.step >= 0 ? at.step : view.n, true);
}

// another looks for a run to the same violation that differs in more than the order of what is independent.
async function another(c, property, known, said) {
  said.textContent = "searching …";
  try {
    const r = await ask(c, {another: property, known: known.map(m => m.join("_")).join("!")});
    go(addressOf(c, {property, moves: r.run.s.map(moveOf).join("_"), step: r.run.s.length}));
  } catch (e) { said.textContent = e.message; }
}
