// The state after a step, nested by what the cells belong to.
// A temporary is what the compiler makes for the value of a call; locals of an inlined call are named process.function#number.local.
const isTemp = name => /#\d+\.return$/.test(name);

// owner splits the name of a cell: what it belongs to, through which call, and its own name there.
function owner(name, processes) {
  const live = /^live\((.*)\)$/.exec(name);
  if (live) return [live[1], "", "live"];
  const i = name.search(/[.[]/);
  if (i < 0) return ["", "", name];
  const base = name.slice(0, i), field = name[i] === "." ? name.slice(i + 1) : name.slice(i);
  if (!processes.has(base)) return [base, "", field];
  const call = /^(.*)#\d+\.(.*)$/.exec(field);
  return call ? [base, call[1] + "()", call[2]] : [base, "", field];
}

// valuesAt is the value of every cell that the run has something to do with after a step, which of them the step changed, and from what. A cell of which the start says nothing
// has the value that is first seen in it.
function valuesAt(t, step) {
  const v = new Map(t.i), changed = new Map();
  for (const s of t.s) {
    for (const [c, old] of s.w || []) if (old && !v.has(c)) v.set(c, old); // before what is read, which may be what the step itself has written
    for (const [c, x] of s.r || []) if (!v.has(c)) v.set(c, x);
  }
  for (let i = 0; i < step; i++) for (const [c, old, x] of t.s[i].w || []) {
    if (i === step - 1 && old !== x && !changed.has(c)) changed.set(c, old);
    v.set(c, x);
  }
  for (const [c, old] of changed) if (v.get(c) === old) changed.delete(c);
  return [v, changed];
}

// holders are the names of who holds a lock after a step.
function holders(view, lock, step) {
  const t = view.t, S = view.S;
  return uniq(t.h.filter(h => (S[h[0]] === lock || S[h[0]].startsWith(lock + " ")) && h[2] <= step && (!h[3] || h[3] > step)).map(h => S[t.pr[h[1]].w]));
}

// heldList says which locks and sections are held after a step, and by what.
function heldList(view, step) {
  const t = view.t, S = view.S, list = t.h.filter(h => h[2] <= step && (!h[3] || h[3] > step));
  if (!list.length) return [];
  return [el("h3", {}, "Held"), el("dl", {class: "held"}, list.map(h => [el("dt", {}, S[h[0]]), el("dd", {}, S[t.pr[h[1]].w])]))];
}

// stateBox is the state after a step: searched, narrowed to what changed, with pinned cells on top.
function stateBox(view) {
  const t = view.t, S = view.S, step = view.step;
  const [v, changed] = valuesAt(t, step);
  const processes = new Map(t.pr.map(p => [S[p.n], S[p.w]])), locks = new Map((t.lk || []).map(([c, l]) => [S[c], S[l]])), objects = new Set((t.ob || []).map(o => S[o]));
  const body = el("div", {class: "cells"});
  const draw = () => {
    const groups = new Map(), word = ui.find.toLowerCase();
    const row = (c, label) => {
      const name = S[c], by = locks.has(name) ? holders(view, locks.get(name), step) : [];
      const on = ui.pins.includes(name);
      return el("div", {class: "cellrow" + (changed.has(c) ? " chg" : "")},
        el("button", {type: "button", class: "pin", "aria-pressed": String(on), "aria-label": "Pin " + name, title: "Pin", "data-key": "pin|" + name, onclick: () => {
          ui.pins = on ? ui.pins.filter(x => x !== name) : [...ui.pins, name];
          draw();
          const again = body.querySelector('[data-key="' + CSS.escape("pin|" + name) + '"]');
          if (again) again.focus({preventScroll: true});
        }}, on ? "★" : "☆"),
        el("span", {class: "cn"}, label), el("span", {class: "cv"}, changed.has(c) ? [S[changed.get(c)] || "?", " → "] : null, S[v.get(c)], by.length ? el("span", {class: "by"}, " held by " + by.join(", ")) : null));
    };
    let hidden = 0, count = 0;
    for (const c of [...v.keys()].sort((a, b) => S[a] < S[b] ? -1 : 1)) {
      const name = S[c];
      if (isTemp(name) && !ui.temps) { hidden++; continue; }
      if (ui.changed && !changed.has(c)) continue;
      if (word && !(name + " " + S[v.get(c)] + (locks.has(name) ? " " + holders(view, locks.get(name), step).join(" ") : "")).toLowerCase().includes(word)) continue;
      const [of, call, field] = owner(name, processes);
      if (!groups.has(of)) groups.set(of, new Map());
      if (!groups.get(of).has(call)) groups.get(of).set(call, []);
      groups.get(of).get(call).push([c, field]);
      count++;
    }
    const rank = g => objects.has(g) ? 0 : processes.has(g) ? 3 : g === "" ? 2 : 1;
    const pinned = ui.pins.map(name => [...v.keys()].find(c => S[c] === name)).filter(c => c != null);
    const names = [...groups.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    body.replaceChildren(...[
      pinned.length ? el("div", {class: "pinned"}, pinned.map(c => row(c, S[c]))) : null,
      ...names.map(g => {
        const calls = groups.get(g), touched = [...calls.values()].flat().some(([c]) => changed.has(c)), key = "g|" + g;
        const d = el("details", {open: (word || ui.changed || (key in ui.open ? ui.open[key] : touched || rank(g) === 0)) ? "" : false},
          el("summary", {}, g === "" ? "globals" : processes.get(g) || g, el("span", {class: "small"}, " " + [...calls.values()].flat().length), touched ? el("span", {class: "dot", title: "changed by this step"}, " ●") : null),
          [...calls].map(([call, list]) => [call ? el("p", {class: "call"}, "in " + call) : null, list.map(([c, f]) => row(c, f))]));
        d.querySelector("summary").addEventListener("click", () => { ui.open[key] = !d.open; });
        return d;
      }),
      count ? null : el("p", {class: "small"}, word ? "No cell or value is called so." : ui.changed ? "This step changed none of them." : "The run touches none."),
      hidden ? el("p", {class: "small"}, plural(hidden, "temporary", "temporaries") + " of the compiler not shown.") : null].filter(x => x));
  };
  draw();
  const box = (key, label) => el("label", {}, el("input", {type: "checkbox", id: "s-" + key, checked: ui[key] ? "" : false, onchange: e => { ui[key] = e.target.checked; draw(); }}), " " + label);
  return el("section", {class: "statebox", "aria-label": "State"}, el("h3", {}, "State after the step"),
    el("p", {class: "tools"}, el("input", {type: "search", id: "s-find", placeholder: "find a cell or value", "aria-label": "Find in the state", value: ui.find, oninput: e => { ui.find = e.target.value; draw(); }}), box("changed", "only what changed"), box("temps", "temporaries")), body);
}
