// The state machine of the process that moves, in layers: locations from the top down, the label of each arrow in a layer of its own so that none lies on another.

// joined are the arrows of a machine, those between the same two locations as one.
function joined(m, strings) {
  const by = new Map();
  for (const [a, b, lab] of m.t) {
    const to = b >= 0 ? b : "end", k = a + ">" + to;
    if (!by.has(k)) by.set(k, {from: a, to, labels: []});
    if (!by.get(k).labels.includes(strings[lab])) by.get(k).labels.push(strings[lab]);
  }
  return [...by.values()].map(e => {
    const cut = s => s.length > 40 ? s.slice(0, 39) + "…" : s, most = 3;
    return {...e, full: e.labels.join("\n"), lines: e.labels.slice(0, most).map(cut).concat(e.labels.length > most ? ["… " + (e.labels.length - most) + " more"] : [])};
  });
}

// layered gives every location a layer: arrows lead down, but for those that close a cycle.
function layered(start, edges) {
  const out = new Map(), nodes = new Set([start]);
  edges.forEach(e => { nodes.add(e.from); nodes.add(e.to); if (!out.has(e.from)) out.set(e.from, []); out.get(e.from).push(e); });
  const state = new Map(), order = [];
  const visit = root => {
    const stack = [[root, 0]];
    state.set(root, 1);
    while (stack.length) {
      const top = stack[stack.length - 1], list = out.get(top[0]) || [];
      if (top[1] === list.length) { state.set(top[0], 2); order.push(top[0]); stack.pop(); continue; }
      const e = list[top[1]++];
      e.back = state.get(e.to) === 1;
      if (!state.has(e.to)) { state.set(e.to, 1); stack.push([e.to, 0]); }
    }
  };
  visit(start);
  nodes.forEach(n => { if (!state.has(n)) visit(n); });
  const rank = new Map([...nodes].map(n => [n, 0]));
  for (const n of order.reverse()) for (const e of out.get(n) || []) if (!e.back) rank.set(e.to, Math.max(rank.get(e.to), rank.get(n) + 1));
  return [rank, order];
}

// layout is where locations, labels and arrows lie.
function layout(start, edges) {
  const W = 6.2, [rank, order] = layered(start, edges), rows = [], items = new Map();
  const put = (row, item) => { (rows[row] = rows[row] || []).push(item); item.row = row; item.up = []; item.down = []; return item; };
  order.forEach(n => items.set(n, put(2 * rank.get(n), {node: n, w: 34, h: 24})));
  for (const e of edges) {
    if (e.from === e.to) { items.get(e.from).loop = e; items.get(e.from).w = 60 + 2 * W * Math.max(...e.lines.map(l => l.length)); continue; }
    const [a, b] = e.back ? [e.to, e.from] : [e.from, e.to];
    let prev = items.get(a);
    e.via = [prev];
    for (let r = 2 * rank.get(a) + 1; r < 2 * rank.get(b); r++) {
      const label = e.back ? r === 2 * rank.get(b) - 1 : r === 2 * rank.get(a) + 1;
      const d = put(r, label ? {edge: e, w: W * Math.max(...e.lines.map(l => l.length)) + 10, h: 12 * e.lines.length + 6} : {w: 10, h: 0});
      prev.down.push(d); d.up.push(prev); e.via.push(d); prev = d;
    }
    const last = items.get(b);
    prev.down.push(last); last.up.push(prev); e.via.push(last);
  }
  const number = () => rows.forEach(r => r.forEach((x, i) => x.i = i));
  const mean = (x, side, key) => x[side].length ? x[side].reduce((s, y) => s + y[key], 0) / x[side].length : x[key];
  number();
  for (let k = 0; k < 12; k++) {
    const side = k % 2 ? "down" : "up", list = k % 2 ? [...rows].reverse() : rows;
    for (const r of list) { r.forEach(x => x.m = mean(x, side, "i")); r.sort((a, b) => a.m - b.m || a.i - b.i); r.forEach((x, i) => x.i = i); }
  }
  const gap = 14;
  rows.forEach(r => { let x = 0; r.forEach(n => { n.x = x + n.w / 2; x += n.w + gap; }); });
  for (let k = 0; k < 16; k++) {
    for (const r of k % 2 ? [...rows].reverse() : rows) {
      const want = r.map(n => mean(n, k % 2 ? "down" : "up", "x"));
      let at = -1e9;
      r.forEach((n, i) => { n.x = Math.max(want[i], at + n.w / 2); at = n.x + n.w / 2 + gap; });
      const off = r.reduce((s, n, i) => s + n.x - want[i], 0) / r.length;
      r.forEach(n => n.x -= off);
    }
  }
  const all = rows.flat(), left = Math.min(...all.map(n => n.x - n.w / 2)) - 12;
  let y = 22;
  rows.forEach(r => { const h = Math.max(14, ...r.map(n => n.h)); r.forEach(n => { n.x -= left; n.y = y + h / 2; n.rowh = h; }); y += h + 14; });
  return {rows, items, width: Math.max(...all.map(n => n.x + n.w / 2)) + 12, height: y + 8};
}

// ways are the lines along which the arrows of a layout run, and where their labels lie.
function ways(l) {
  for (const e of l.edges) {
    const n = l.items.get(e.from);
    if (e.from === e.to) Object.assign(e, {d: `M${n.x + 15} ${n.y - 6}c26 -12,26 24,2 12`, at: {x: n.x + 40, y: n.y, w: 0, h: 12 * e.lines.length}, anchor: "start"});
    else {
      const pts = [];
      e.via.forEach((n, i) => {
        if (i === 0) pts.push([n.x, n.y + 12]);
        else if (i === e.via.length - 1) pts.push([n.x, n.y - 13]);
        else { pts.push([n.x, n.y - n.rowh / 2]); if (n.rowh > 0) pts.push([n.x, n.y + n.rowh / 2]); }
      });
      Object.assign(e, {d: curve(pts), at: e.via.find(n => n.edge), anchor: "middle"});
    }
  }
  return l;
}

// placed is a layout that Graphviz made.
function placed(m, strings, g) {
  const edges = joined(m, strings), pad = 16, at = ([x, y]) => (x + pad).toFixed(1) + " " + (y + pad).toFixed(1);
  const items = new Map(Object.entries(g.nodes).map(([n, [x, y]]) => [n === "end" ? n : +n, {x: x + pad, y: y + pad}]));
  for (const e of edges) {
    const p = g.edges.find(x => x.from === String(e.from) && x.to === String(e.to));
    if (!p) return null;
    const [first, ...rest] = p.points;
    let d = "M" + at(first);
    for (let i = 0; i + 2 < rest.length; i += 3) d += `C${at(rest[i])},${at(rest[i + 1])},${at(rest[i + 2])}`;
    Object.assign(e, {d: d + "L" + at(p.end), at: {x: p.label[0] + pad, y: p.label[1] + pad, w: 6.2 * Math.max(...e.lines.map(l => l.length)) + 6, h: 12 * e.lines.length + 2}, anchor: "middle", back: false});
  }
  return {edges, items, width: g.width + 2 * pad, height: g.height + 2 * pad, by: "graphviz"};
}

const machineCache = new Map();
function laidOut(m, strings) {
  if (!machineCache.has(m)) { const edges = joined(m, strings); machineCache.set(m, ways({edges, ...layout(m.s, edges)})); }
  return machineCache.get(m);
}

// curve leads through points, upright where it leaves and arrives.
function curve(points) {
  let d = "M" + points[0].map(v => v.toFixed(1)).join(" ");
  for (let i = 1; i < points.length; i++) {
    const [ax, ay] = points[i - 1], [bx, by] = points[i], my = (ay + by) / 2;
    d += Math.abs(ax - bx) < 0.5 ? `L${bx.toFixed(1)} ${by.toFixed(1)}` : `C${ax.toFixed(1)} ${my.toFixed(1)},${bx.toFixed(1)} ${my.toFixed(1)},${bx.toFixed(1)} ${by.toFixed(1)}`;
  }
  return d;
}

function drawMachine(m, strings, at, from) {
  const l = laidOut(m, strings), g = svg("svg", {width: Math.ceil(l.width), height: Math.ceil(l.height), role: "img", "aria-label": "State machine of " + strings[m.p]});
  const head = (id, cls) => { const p = svg("marker", {id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse"}); p.append(svg("path", {d: "M0 0L10 5L0 10z", class: cls})); return p; };
  g.append(svg("defs", {}, head("head", "head"), head("head-on", "head on")));
  const texts = (lines, x, y, cls, anchor) => lines.map((t, i) => svg("text", {x: x.toFixed(1), y: (y + 12 * i).toFixed(1), class: cls, "text-anchor": anchor}, t));
  for (const e of l.edges) {
    const taken = e.from === from && e.to === at, cls = taken ? "edge taken" : "edge", tip = svg("title", {}, e.full);
    const group = svg("g", {class: cls}, tip), mark = taken ? "url(#head-on)" : "url(#head)";
    group.append(svg("path", {d: e.d, [e.back ? "marker-start" : "marker-end"]: mark}));
    if (e.anchor === "middle" && !l.by) group.append(svg("rect", {x: e.at.x - e.at.w / 2 + 1, y: e.at.y - e.at.h / 2, width: e.at.w - 2, height: e.at.h}));
    group.append(...texts(e.lines, e.at.x, e.at.y - 6 * e.lines.length + 9, "e", e.anchor));
    g.append(group);
  }
  for (const [n, p] of l.items) {
    const node = svg("g", {class: "loc" + (n === at ? " on" : "")}), ends = (m.e || []).includes(n) || n === "end";
    if (ends) node.append(svg("rect", {x: p.x - 19, y: p.y - 15, width: 38, height: 30, rx: 12}));
    node.append(svg("rect", {x: p.x - 16, y: p.y - 12, width: 32, height: 24, rx: 10}), ...texts([String(n)], p.x, p.y + 4, "no", "middle"));
    if (n === m.s) node.append(svg("path", {d: `M${p.x} ${p.y - 24}V${p.y - 13}`, "marker-end": "url(#head)"}));
    g.append(node);
  }
  return [g, l.items.get(at)];
}

// machineBox is the machine of the process of the step, scrolled to where it is.
function machineBox(view) {
  const ms = view.config.mc >= 0 ? D.machines[view.config.mc] : null;
  if (!ms || !view.step) return [];
  const s = view.t.s[view.step - 1], name = view.S[view.t.pr[s.p].n], m = ms.find(x => S[x.p] === name);
  if (!m) return [];
  const box = el("div", {class: "fsm", tabindex: 0, role: "region", "aria-label": "State machine"});
  const draw = () => {
    const [g, spot] = drawMachine(m, S, s.b >= 0 ? s.b : s.b === -2 ? s.a : "end", s.a);
    box.replaceChildren(g);
    box.dataset.by = laidOut(m, S).by || "page";
    if (spot) requestAnimationFrame(() => { box.scrollTop = spot.y - box.clientHeight / 2; box.scrollLeft = spot.x - box.clientWidth / 2; });
  };
  const open = async () => {
    draw();
    if (!D.runs || laidOut(m, S).by || m.asked) return;
    m.asked = true;
    try { const l = placed(m, S, await ask(view.config, {machine: name})); if (l) { machineCache.set(m, l); draw(); } } catch { /* Graphviz is not there: the page's own layout stays */ }
  };
  const d = el("details", {id: "machine", open: ui.open.fsm ? "" : false, ontoggle: e => { ui.open.fsm = e.target.open; if (ui.open.fsm && !box.firstChild) open(); }}, el("summary", {}, "State machine of " + name),
    el("p", {class: "small"}, "Rounded boxes are locations, double ones those where it may end; an arrow is a step, and carries what it does."), box);
  if (ui.open.fsm) open();
  return [d];
}
