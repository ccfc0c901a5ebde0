// A run as lanes: a column for each CPU, a row for each line of the story, and what became of the objects beside it.
const classes = ["", "lock", "unlock", "sync", "fatal"];

class TraceView {
  constructor(config, t, box, strings, whole) {
    this.whole = whole || !t.l.length; // there is no story to tell, so that every step is shown
    this.config = config; this.t = t; this.S = strings || S; this.n = t.s.length; this.step = 0; this.box = box;
    this.fatal = 0;
    t.s.forEach((s, i) => { if (s.z) this.fatal = i + 1; });
    this.after = t.s.map(() => []);
    t.s.forEach((s, i) => (s.d || []).forEach(j => this.after[j - 1].push(i + 1)));
    box.append(el("div", {class: "say"}, t.m.map(m => el("p", {}, this.S[m]))), shareBar(this));
    this.range = el("input", {type: "range", min: 0, max: this.n, value: 0, "aria-label": "Step", oninput: () => this.show(+this.range.value)});
    this.out = el("output", {});
    const b = (text, label, f) => el("button", {type: "button", "aria-label": label, title: label, onclick: f}, text);
    this.bar = el("div", {class: "bar"}, b("|◀", "Start", () => this.show(0)), b("◀", "Step back", () => this.show(this.step - 1)), b("▶", "Step", () => this.show(this.step + 1)), b("▶|", "Last step", () => this.show(this.n)),
      this.range, this.out, this.fatal ? el("button", {type: "button", id: "failing", onclick: () => this.show(this.fatal)}, "Failing step") : null,
      el("label", {}, el("input", {type: "checkbox", id: "full", checked: this.full() ? "" : false, disabled: this.whole ? "" : false, onchange: e => { ui.full = e.target.checked; this.table(); this.show(this.step); }}), " every step"),
      el("span", {class: "small keys"}, el("kbd", {}, "←"), " ", el("kbd", {}, "→"), " step  ", el("kbd", {}, "f"), " failing step  ", el("kbd", {}, "Esc"), " back"));
    this.seq = el("div", {class: "seq", tabindex: 0, role: "region", "aria-label": "Steps"});
    this.side = el("aside", {class: "side", "aria-label": "The step"});
    this.wide = el("div", {class: "below"});
    box.append(this.bar, this.legend(), el("div", {class: "two"}, this.seq, this.side), this.wide);
    this.table();
  }

  // legend explains what this run has of colours.
  legend() {
    const t = this.t, item = (cls, text) => el("span", {}, el("i", {class: "k " + cls}), text);
    const states = [...new Set(t.lf.flatMap(l => l.map(x => x[1])))].sort();
    return el("p", {class: "legend"}, t.o.length ? [el("span", {class: "of"}, "object:"), states.map(s => item("l" + s, stateNames[s]))] : null,
      t.h.some(h => h[4]) ? item("s1", "in a section that an RCU or IPI wait waits for") : null, t.h.some(h => !h[4]) ? item("s0", "holds a lock to the end") : null,
      t.g.length ? item("gp", "a grace period or an IPI") : null, t.cy ? item("gp", "repeats for ever") : null, item("kb", "must come before the step"), item("ka", "must come after it"));
  }

  full() { return ui.full || this.whole; }

  // lanes are the titles of the columns, and which is each process's: of every step those that the story leaves out have theirs too.
  lanes() {
    const t = this.t, titles = t.c.map(c => this.S[c]), of = t.pr.map(p => p.l);
    if (this.full()) t.s.forEach(s => { if (of[s.p] < 0) of[s.p] = titles.push(this.S[t.pr[s.p].w]) - 1; });
    return {titles, of};
  }

  // lines are what the table shows: what matters, or a line for every step, without what the compiler added.
  lines() {
    const S = this.S;
    if (!this.full()) return this.t.l.map(([step, lane, indent, text, cls, ...notes]) => ({step, lane, indent, text: S[text], cls, notes: notes.map(n => S[n])}));
    const out = [], {of} = this.lanes();
    let fn = [];
    this.t.s.forEach((s, i) => {
      const lane = of[s.p], stack = S[s.k].split("\n").map(x => x.split("\t")[0]).slice(1), own = S[this.t.pr[s.p].n] + ".";
      const inner = stack.length ? stack[stack.length - 1] : "", add = (indent, text, cls) => out.push({step: i + 1, lane, indent, text, cls, notes: this.t.o.map(() => "")});
      if (inner && fn[lane] !== inner) add(0, inner + "()", 0);
      fn[lane] = inner;
      const short = c => { const n = S[c]; return n.startsWith(own) ? n.slice(own.length).replace(/^.*#\d+\./, "") : n; };
      const w = (s.w || []).filter(([c, a, b]) => a !== b && !isTemp(S[c])).map(([c, , x]) => short(c) + " = " + S[x]);
      const reads = [...new Set((s.r || []).map(([c, x]) => S[c] + " == " + S[x]))];
      add(inner ? 1 : 0, w.length ? [...new Set(w)].join("; ") : S[s.t] + (reads.length ? "  (" + reads.join(", ") + ")" : ""), s.z ? 4 : 0);
      if (s.z) add(inner ? 1 : 0, "^^^ " + S[s.z], 4);
    });
    this.t.lf.forEach((life, o) => { for (const l of life) if (l[2]) for (let k = out.length - 1; k >= 0; k--) if (out[k].step === l[0]) { out[k].notes[o] = S[l[2]]; break; } });
    return out;
  }

  // life is what has become of an object after a step.
  life(object, step) {
    let l = null;
    for (const x of this.t.lf[object]) if (x[0] <= step) l = x;
    return l;
  }

  table() {
    const t = this.t, S = this.S, lines = this.lines(), {titles, of} = this.lanes(), lanes = titles.length;
    const holds = titles.map((_, lane) => t.h.filter(h => of[h[1]] === lane && (h[4] || this.fatal && h[1] === t.s[this.fatal - 1].p && (h[3] === 0))));
    const head = el("tr", {}, el("th", {scope: "col", class: "num"}, "step"));
    titles.forEach((c, lane) => { holds[lane].forEach(() => head.append(el("td", {class: "hold"}))); head.append(el("th", {scope: "col", class: "lane"}, c)); });
    if (t.g.length || t.cy) head.append(el("th", {class: "per"}, el("span", {class: "sr"}, "waits")));
    t.o.forEach(o => head.append(el("th", {scope: "col", colspan: 2}, S[o])));
    const first = s => lines.findIndex(l => l.step >= s), final = s => { let k = -1; lines.forEach((l, i) => { if (l.step > 0 && l.step <= s) k = i; }); return k; };
    const periods = t.g.map(g => ({text: S[g[0]], from: first(g[1]), to: g[2] ? final(g[2]) : lines.length - 1, grace: g[3]}));
    if (t.cy) periods.push({text: "repeats for ever", from: first(t.cy), to: lines.length - 1, grace: 0});
    let last = -1, alt = false;
    this.rows = [];
    lines.forEach((l, i) => {
      const at = l.step < 0 ? this.n : l.step, fresh = l.step !== last; // a step of 0 is the start, one of -1 none
      if (fresh) alt = !alt;
      last = l.step;
      const s0 = t.o.length ? (this.life(0, at) || [0, 0])[1] : 5;
      const tr = el("tr", {class: "life" + s0 + (alt ? " alt" : "") + (fresh ? " fresh" : "") + (l.step > 0 && l.step === this.fatal ? " fatalrow" : ""), "data-step": at});
      tr.append(el("td", {class: "num"}, fresh && l.step >= 0 ? [el("span", {class: "narrow"}, "step "), String(l.step), el("span", {class: "narrow"}, " · " + titles[l.lane])] : ""));
      for (let k = 0; k < lanes; k++) {
        for (const h of holds[k]) {
          const on = at >= h[2] && (h[3] === 0 || at <= h[3]);
          tr.append(el("td", {class: "hold", title: on ? S[h[0]] : false}, on ? el("i", {class: "s" + h[4]}) : null));
        }
        const mine = k === l.lane, td = el("td", {class: "c " + (mine ? "mine " + classes[l.cls] : "")}, mine ? el("div", {class: "in" + Math.min(6, l.indent)}, l.text) : "");
        tr.append(td);
      }
      if (t.g.length || t.cy) {
        const g = periods.find(p => p.from >= 0 && i >= p.from && i <= p.to);
        tr.append(el("td", {class: "per", title: g ? g.text : false}, g ? el("i", {class: (g.grace ? "g" : "") + (i === g.from ? " top" : "") + (i === g.to ? " end" : "")}) : null));
      }
      const done = i + 1 >= lines.length || lines[i + 1].step !== l.step;
      t.o.forEach((name, o) => {
        const s = this.life(o, done ? at : at - 1) || [0, 0, 0], note = l.notes[o] || "";
        tr.append(el("td", {class: "bar-l", title: stateNames[s[1]]}, el("i", {class: "l" + s[1]})), el("td", {class: "note" + (note === "freed" ? " freed" : "")}, note ? el("span", {class: "narrow"}, S[name] + " ") : null, note));
      });
      if (at > 0) {
        tr.addEventListener("click", () => this.show(at));
        tr.addEventListener("mouseenter", () => this.relate(at));
        tr.addEventListener("mouseleave", () => this.relate(this.step));
      }
      this.rows.push(tr);
    });
    this.head = el("thead", {}, head);
    this.seq.replaceChildren(el("table", {class: "t"}, el("caption", {class: "sr"}, "Steps, a column for each CPU"), this.head, el("tbody", {}, this.rows)));
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
    step = Math.max(0, Math.min(this.n, step || 0));
    this.step = step;
    this.range.value = step;
    this.out.textContent = step + " of " + this.n;
    const mine = [];
    let near = null;
    for (const r of this.rows) {
      const s = +r.dataset.step;
      r.classList.toggle("cur", s === step && step > 0);
      r.classList.toggle("later", s > step && step > 0);
      if (s === step && step > 0) { mine.push(r); r.setAttribute("aria-current", "step"); } else r.removeAttribute("aria-current");
      if (s <= step) near = r;
    }
    this.relate(step);
    this.details();
    if (mine.length || near && step > 0) this.reveal(mine.length ? mine : [near]);
    if (!quiet) $("live").textContent = this.spoken();
    this.address();
  }

  // address has the step in it, or whatever else the view has.
  address() {
    const at = parse();
    if (at.step !== this.step) swap(addressOf(this.config, {property: at.property, run: at.run, moves: at.moves, step: this.step}));
  }

  // reveal brings all lines of a step into view: first the lanes as a whole below the bar, then the lines within them, below their heading.
  reveal(rows) {
    const scrolls = getComputedStyle(this.seq).overflowY !== "visible", top = this.bar.offsetHeight, box = this.seq.getBoundingClientRect();
    if (scrolls) {
      if (box.top < top || box.bottom > innerHeight) window.scrollBy(0, box.height + top > innerHeight || box.top < top ? box.top - top : box.bottom - innerHeight);
      const b = this.seq.getBoundingClientRect(), h = this.head.offsetHeight, low = Math.min(b.top + this.seq.clientHeight, innerHeight), a = rows[0].getBoundingClientRect().top, z = rows[rows.length - 1].getBoundingClientRect().bottom;
      if (z > low) this.seq.scrollTop += z - low + 2;
      else if (a < b.top + h) this.seq.scrollTop -= b.top + h - a;
      const text = rows[0].querySelector("td.mine").getBoundingClientRect(), left = b.left + rows[0].cells[0].offsetWidth;
      if (text.right > b.right) this.seq.scrollLeft += Math.min(text.right - b.right, text.left - left);
      else if (text.left < left) this.seq.scrollLeft -= left - text.left;
    } else {
      const low = this.side.getBoundingClientRect().top, a = rows[0].getBoundingClientRect().top, z = rows[rows.length - 1].getBoundingClientRect().bottom;
      if (a < top || z > low) window.scrollBy(0, z - a > low - top ? a - top : a - top - (low - top - (z - a)) / 2);
    }
  }

  spoken() {
    const S = this.S;
    if (!this.step) return "Start";
    const s = this.t.s[this.step - 1];
    return "Step " + this.step + " of " + this.n + ", " + S[this.t.pr[s.p].w] + ": " + S[s.t] + (s.z ? ", " + S[s.z] : "") + this.t.o.map((o, k) => { const l = this.life(k, this.step); return l ? ", " + S[o] + " " + stateNames[l[1]] : ""; }).join("");
  }

  details() {
    const t = this.t, S = this.S, out = [];
    const lives = t.o.map((o, k) => {
      const l = this.life(k, this.step);
      return l ? el("span", {class: "obj"}, S[o] + " ", el("span", {class: "state l" + l[1], id: k ? false : "life"}, stateNames[l[1]])) : null;
    });
    const s = this.step ? t.s[this.step - 1] : null;
    out.push(el("button", {type: "button", class: "sheet", "aria-expanded": String(!!ui.open.sheet), onclick: () => { ui.open.sheet = !ui.open.sheet; this.show(this.step, true); }}, ui.open.sheet ? "▾ less" : "▴ more"));
    out.push(el("p", {class: "lives"}, lives));
    this.side.classList.toggle("up", !!ui.open.sheet);
    if (!s) out.push(el("p", {}, "The start. ", el("span", {class: "small"}, "Step with the arrow keys.")));
    else {
      out.push(el("h3", {}, "Step " + this.step), el("p", {class: "does"}, el("b", {}, S[t.pr[s.p].w]), ": ", el("code", {}, S[s.t]), s.z ? [" ", el("span", {class: "tag n"}, S[s.z])] : null));
      const stack = S[s.k].split("\n").map(x => x.split("\t")).slice(1);
      if (stack.length) out.push(el("ul", {class: "stack"}, stack.map(([f, k]) => el("li", {}, el("code", {}, f + "()"), kernelLinks(k, S[t.kr])))));
      const changes = (s.w || []).filter(([c, a, b]) => a !== b && (ui.temps || !isTemp(S[c])));
      if (changes.length) out.push(el("h3", {}, "Changes"), el("dl", {}, changes.map(([c, a, b]) => [el("dt", {}, S[c]), el("dd", {class: "chg"}, (S[a] || "?") + " → " + S[b])])));
      if ((s.r || []).length) out.push(el("h3", {}, "Reads"), el("dl", {}, s.r.map(([c, a]) => [el("dt", {}, S[c]), el("dd", {}, S[a])])));
      out.push(...this.source(s), ...alternatives(this));
    }
    if (t.b && this.step === this.n) out.push(el("h3", {}, "Who waits"), el("ul", {}, t.b.map(b => el("li", {}, S[b]))));
    out.push(...heldList(this, this.step), el("h3", {}, "Properties"), el("p", {class: "props"}, t.ck.map(q => {
      let broken = false;
      for (let i = 0; i < this.step; i++) if (t.s[i].y === q) broken = true;
      if (s && (s.x || []).includes(q)) broken = true;
      if (this.step === this.n && t.p && t.p === q) broken = true;
      const j = this.config.judged.get(S[q]), blind = !broken && j && j[0] === "j";
      return el("span", {class: broken ? "n" : blind ? "j" : "h"}, (broken ? "✗ " : blind ? "– " : "✓ ") + S[q] + (blind ? " (not judged)" : ""));
    })));
    out.push(stateBox(this));
    this.side.replaceChildren(...out.filter(x => x));
    this.wide.replaceChildren(...machineBox(this));
  }

  source(s) {
    const src = D.sources[this.S[s.f]];
    if (!src || !s.n) return [];
    const lines = src.split("\n"), from = Math.max(1, s.n - 3), to = Math.min(lines.length, s.n + 2);
    const pre = el("pre", {class: "src", tabindex: 0});
    for (let i = from; i <= to; i++) pre.append(el("span", {class: i === s.n ? "hit" : false}, el("i", {}, i), lines[i - 1] || " "));
    return [el("h3", {class: "file"}, this.S[s.f] + ":" + s.n), pre];
  }
}

// kernelLinks lead from references "file function versions; …" to the function in a browser of the kernel's source. Nothing is asked for until one is followed.
const kernelSource = "https://elixir.bootlin.com/linux/";
function kernelLinks(refs, release) {
  if (!refs) return [];
  return refs.split("; ").flatMap((r, i) => {
    const [file, fn, range] = r.split(" "), since = /^v\d[^.]*\.\d+/.exec(range || "");
    const v = /^v\d/.test(release || "") ? release : since ? since[0] : "latest";
    return [i ? "; " : " ", el("a", {class: "small kernel", href: kernelSource + enc(v) + "/A/ident/" + enc(fn || file), rel: "noreferrer noopener", target: "_blank", title: file + " in " + v}, r)];
  });
}
