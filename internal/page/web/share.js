// What leaves the page: a run as text for a commit message, as SVG, as the file that the program reads, and the command line that finds it again.

// wrapText breaks text into lines of at most width characters; a word that is longer stands alone.
function wrapText(text, width, indent) {
  const out = [];
  let line = "";
  for (const w of text.split(/\s+/).filter(x => x)) {
    if (line && (line + " " + w).length > width) { out.push(line); line = indent + w; } else line = line ? line + " " + w : w;
  }
  if (line) out.push(line);
  return out;
}
const shellWord = s => /^[\w@%+=:,.\/-]+$/.test(s) ? s : "'" + s.replace(/'/g, "'\\''") + "'";
const commandOf = (c, verb, rest) => ["pmdcheck", verb, D.specs[c.s].file || c.spec, ...D.specs[c.s].params.flatMap(p => ["--set", p + "=" + c.val[p]]), ...rest].map(shellWord).join(" ");

// broken breaks a command line so that it can still be pasted.
function broken(command, width) {
  const out = [];
  let line = "";
  for (const part of command.split(/ (?=--)/)) {
    if (line && (line + " " + part).length > width - 2) { out.push(line + " \\"); line = "    " + part; } else line = line ? line + " " + part : part;
  }
  return [...out, line];
}

// asText is a run in lines of at most 72 characters, with the spec, the configuration and the version.
function asText(view) {
  const {t, S, config} = view, W = 72, out = [];
  const prop = t.p ? D.props.find(p => p.name === S[t.p]) : null;
  out.push(...wrapText(config.spec + ": " + (t.p ? S[t.p] + " is violated" + (prop && prop.title ? " (" + prop.title + ")" : "") : "a run in which nothing goes wrong"), W, "  "), "");
  for (const m of t.m) out.push(...wrapText(S[m], W, ""), "");
  const lines = view.lines(), {titles} = view.lanes();
  let last = null, who = null;
  for (const l of lines) {
    const no = l.step > 0 && l.step !== last ? String(l.step) : "", name = titles[l.lane];
    if (name !== who) { out.push(...wrapText("     " + name, W, "     ").map(x => "     " + x.trim())); who = name; }
    const pad = no.padStart(4) + "   " + "  ".repeat(l.indent), said = l.text + l.notes.map((n, o) => n ? "   <- " + S[t.o[o]] + ": " + n : "").join("");
    wrapText(said, W - pad.length - 2, "").forEach((x, i) => out.push((i ? " ".repeat(pad.length + 2) : pad) + x));
    last = l.step;
  }
  out.push("", "Found by pmdcheck with", ...broken(commandOf(config, "check", ["-v"]), W - 4).map(x => "    " + x), "", ...wrapText("Configuration: " + (config.name || "none"), W, "  "), ...wrapText("Model: " + config.dg, W, "  "));
  if (S[t.kr]) out.push("Kernel: " + S[t.kr]);
  const version = S[t.to] || D.version;
  if (version) out.push(...wrapText("Version: " + version, W, "  "));
  return out.map(x => x.trimEnd()).join("\n") + "\n";
}

// asSVG draws the lanes as a picture that stands alone.
function asSVG(view) {
  const {t, S} = view, ch = 7.3, lh = 17, lines = view.lines(), esc = s => s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  const {titles} = view.lanes(), lanes = titles.map((c, k) => Math.max(c.length, 12, ...lines.filter(l => l.lane === k).map(l => Math.min(46, l.text.length + 2 * l.indent))) + 2);
  const x = [44];
  lanes.forEach((w, i) => x.push(x[i] + w * ch));
  const notes = t.o.map((o, k) => Math.max(S[o].length, ...lines.map(l => (l.notes[k] || "").length)) + 3);
  notes.forEach(w => x.push(x[x.length - 1] + w * ch));
  const color = ["#1b1f27", "#7a4f00", "#565e6c", "#0b6e7f", "#b3122a"], life = ["#2e8b57", "#d9a300", "#e07b00", "#7b5bd6", "#c4162a", "#dadee5"];
  const said = [], texts = t.m.flatMap(m => wrapText(S[m], 100, ""));
  let y = 20;
  const put = (px, text, fill, bold) => said.push(`<text x="${px.toFixed(1)}" y="${y}" fill="${fill}"${bold ? ' font-weight="bold"' : ""} xml:space="preserve">${esc(text)}</text>`);
  for (const l of [view.config.spec + " " + view.config.name, ...texts]) { put(8, l, color[0], l.startsWith(view.config.spec)); y += lh; }
  y += lh / 2;
  titles.forEach((c, k) => put(x[k], c, color[0], true));
  t.o.forEach((o, k) => put(x[lanes.length + k] + 14, S[o], color[0], true));
  y += lh;
  let last = null;
  lines.forEach((l, i) => {
    const at = l.step < 0 ? view.n : l.step, wrapped = wrapText(l.text, Math.max(12, lanes[l.lane] - 2 - 2 * l.indent), "  "), top = y - lh + 4;
    if (l.step !== last && l.step > 0) put(8, String(l.step).padStart(3), color[2]);
    last = l.step;
    l.notes.forEach((n, k) => n && put(x[lanes.length + k] + 14, n, n === "freed" ? color[4] : color[2]));
    wrapped.forEach((w, j) => { put(x[l.lane] + 2 * l.indent * ch + (j ? 2 * ch : 0), w.trim(), color[l.cls], l.cls === 4); y += lh; });
    t.o.forEach((o, k) => { const s = view.life(k, i + 1 < lines.length && lines[i + 1].step === l.step ? at - 1 : at) || [0, 0]; said.push(`<rect x="${x[lanes.length + k].toFixed(1)}" y="${top}" width="8" height="${y - lh + 4 - top}" fill="${life[s[1]]}"/>`); });
  });
  const w = Math.ceil(Math.max(x[x.length - 1], ...texts.map(s => 16 + s.length * ch), 16 + (view.config.spec.length + view.config.name.length + 1) * ch));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${y}" viewBox="0 0 ${w} ${y}" font-family="monospace" font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n${said.join("\n")}\n</svg>\n`;
}

// asJSON is the file of the run, if it travels along.
async function asJSON(view) {
  if (view.file) return view.file;
  const packed = view.number >= 0 ? wholeLine(view.number) : "";
  return packed ? unpack(packed) : null;
}

// share shows a text to be copied or saved.
function share(title, text, file) {
  const d = $("share"), area = el("textarea", {readonly: "", rows: 20, spellcheck: "false", "aria-label": title}), said = el("span", {class: "small", role: "status"});
  area.value = text;
  const copy = async () => {
    area.select();
    let ok = false;
    try { await navigator.clipboard.writeText(text); ok = true; } catch { ok = document.execCommand("copy"); }
    said.textContent = ok ? "Copied." : "Selected: copy it with the keyboard.";
  };
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], {type: "text/plain"}));
    el("a", {href: url, download: file}).click();
    URL.revokeObjectURL(url);
    said.textContent = "Saved as " + file + ".";
  };
  d.replaceChildren(el("h2", {id: "share-title"}, title), area, el("p", {class: "tools"}, el("button", {type: "button", id: "copy", onclick: copy}, "Copy"), el("button", {type: "button", id: "save", onclick: save}, "Save as " + file), el("button", {type: "button", onclick: () => d.close()}, "Close"), said));
  d.showModal();
}

// shareBar has the ways in which a run leaves the page.
function shareBar(view) {
  const c = view.config, name = (c.spec.split("/").pop() + (view.t.p ? "-" + view.S[view.t.p] : "-run")).replace(/[^\w-]+/g, "_");
  const b = (id, text, f) => el("button", {type: "button", id, onclick: f}, text);
  return el("p", {class: "tools share"}, b("as-text", "Text", () => share("The run as text", asText(view), name + ".txt")), b("as-svg", "SVG", () => share("The run as a picture (SVG)", asSVG(view), name + ".svg")),
    b("as-json", "JSON", async () => {
      const text = await asJSON(view);
      if (text) share("The run as a trace file", text, name + ".json");
      else share("This run's file is not in the page; this command writes it", commandOf(c, "check", ["--trace-dir", "traces"]) + "\n", name + ".sh");
    }), b("as-command", "Command", () => share("Find it again", commandOf(c, "check", ["-v"]) + "\n\n" + commandOf(c, "simulate", []) + "\n", name + ".sh")));
}
