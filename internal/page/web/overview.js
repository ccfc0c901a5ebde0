// The first page: what was checked, what broke, an index, and the configurations that a filter leaves.
const options = (select, list, first) => select.replaceChildren(el("option", {value: ""}, first), ...list.map(x => el("option", {value: x}, x)));
options($("f-family"), uniq(configs.map(c => c.family)), "all");
options($("f-property"), D.props.map(p => p.name).sort(), "any");
options($("f-target"), uniq(configs.map(c => c.val[archParam]).filter(x => x)), "all");
$("f-verdict").replaceChildren(...[["", "all"], ["n", "not as expected"], ["h", "holds"], ["v", "violated"], ["u", "unknown"], ["j", "not judged"]].map(([v, t]) => el("option", {value: v}, t)));
const params = uniq([...swept.values()].flat());
options($("f-down"), params, "automatic");
options($("f-across"), params, "automatic");

// first says in words what came out, before anything else.
function drawFirst() {
  const of = o => configs.filter(c => c.o === o), bad = of("n"), open = of("u"), good = of("y");
  const expected = good.filter(c => c.f === "v").length, blind = good.filter(c => c.f === "j").length;
  const calm = good.filter(c => c.f === "h").length;
  const link = (c, k) => el("a", {href: addressOf(c, k >= 0 ? {property: D.props[c.p[k]].name} : {}), "data-key": "first|" + placeOf(c) + "|" + k, onclick: follow}, c.spec, swept.get(c.spec).length ? [" ", el("span", {class: "params"}, swept.get(c.spec).map(p => p + "=" + c.val[p]).join(" "))] : null);
  const said = c => {
    const worse = (c.p || []).map((_, k) => k).filter(k => c.x && c.x[k]);
    return el("li", {}, link(c, worse.length ? worse[0] : -1), " ", S[c.w] + ".", worse.map(k => S[c.m[k]] ? el("p", {class: "what"}, el("b", {}, D.props[c.p[k]].title || D.props[c.p[k]].name), ": ", S[c.m[k]]) : null));
  };
  const some = (list, draw, v) => {
    const most = 12, out = list.slice(0, most).map(draw);
    if (list.length > most) out.push(el("li", {}, el("a", {href: "#?verdict=" + v, onclick: follow}, "and " + num(list.length - most) + " more")));
    return el("ul", {}, out);
  };
  $("first").replaceChildren(...[
    el("p", {id: "sum", class: "lead"}, plural(configs.length, "configuration") + " of " + plural(D.specs.length, "spec") + ": " + num(good.length) + " as expected, " + num(bad.length) + " not, " + num(open.length) + " without a verdict."),
    bad.length ? el("section", {class: "broke", "aria-label": "What broke"}, el("h2", {}, plural(bad.length, "configuration") + (bad.length === 1 ? " is" : " are") + " not as expected"), some(bad, said, "n")) : null,
    open.length ? el("section", {class: "open", "aria-label": "Without a verdict"}, el("h2", {}, plural(open.length, "configuration") + (open.length === 1 ? " has" : " have") + " no verdict"),
      some(open, c => el("li", {}, link(c, -1), " ", S[c.w] + "."), "u")) : null,
    configs.length && !bad.length && !open.length ? el("p", {class: "fine"}, "Nothing is other than expected: " + [calm ? plural(calm, "configuration holds", "configurations hold") : "", expected ? plural(expected, "configuration is", "configurations are") + " violated, as the spec says" : "", blind ? num(blind) + " not judged" : ""].filter(x => x).join(", ") + ".") : null,
    D.specs.length > 1 ? index() : null,
  ].filter(x => x));
}
// follow opens a link's address as this page's own places are opened.
function follow(e) { if (!e.ctrlKey && !e.metaKey && !e.shiftKey) { e.preventDefault(); go(e.currentTarget.getAttribute("href")); } }

// index lists the specs by family; each leads to its matrix.
function index() {
  const families = new Map();
  for (const [i, spec] of D.specs.entries()) {
    const mine = configs.filter(c => c.s === i);
    if (!mine.length) continue;
    if (!families.has(mine[0].family)) families.set(mine[0].family, []);
    families.get(mine[0].family).push([spec, mine]);
  }
  const mark = mine => { const n = mine.filter(c => c.o !== "y").length; return n ? el("b", {class: mine.some(c => c.o === "n") ? "tag n" : "tag u"}, num(n)) : null; };
  const entry = ([spec, mine], family) => el("li", {}, el("a", {href: "#?text=" + enc(spec.name), "data-key": "index|" + spec.name, onclick: e => {
    const target = document.getElementById("spec " + spec.name);
    if (target && !e.ctrlKey && !e.metaKey) { e.preventDefault(); target.scrollIntoView(); target.querySelector("h2").focus({preventScroll: true}); } else follow(e);
  }}, spec.name.slice(family.length + 1) || spec.name), " ", el("span", {class: "small"}, num(mine.length)), " ", mark(mine));
  return el("details", {id: "index", open: innerWidth > 900 ? "" : false}, el("summary", {}, "Index: " + plural(D.specs.length, "spec")),
    el("div", {class: "families"}, [...families].map(([family, list]) => el("section", {}, el("h3", {}, family), el("ul", {}, list.map(x => entry(x, family)))))));
}

function chosen() {
  const words = filters.text.toLowerCase().split(/\s+/).filter(x => x);
  const has = (c, w) => w.includes("=") ? (" " + c.text + " ").includes(" " + w) : c.deep.some(t => t.includes(w));
  return configs.filter(c => (!filters.family || c.family === filters.family) && (!filters.target || c.val[archParam] === filters.target) &&
    (!filters.verdict || (filters.verdict === "n" ? c.o === "n" : verdict(c) === filters.verdict)) && words.every(w => has(c, w)));
}

let shown = 100, current = [], drawnFor = null;
function drawOverview() {
  current = chosen();
  drawnFor = JSON.stringify(filters);
  const bad = current.filter(c => c.o === "n").length;
  $("count").textContent = num(current.length) + " of " + num(configs.length) + " configurations" + (bad ? ", " + num(bad) + " not as expected" : "");
  const bySpec = new Map();
  for (const c of current) { if (!bySpec.has(c.spec)) bySpec.set(c.spec, []); bySpec.get(c.spec).push(c); }
  const out = document.createDocumentFragment();
  places.clear();
  for (const spec of D.specs) if (bySpec.has(spec.name)) out.append(matrix(spec, bySpec.get(spec.name)));
  $("matrix").replaceChildren(out);
  shown = 100;
  drawList();
}

function drawList() {
  $("list").tBodies[0].replaceChildren(...current.slice(0, shown).map(c => el("tr", {},
    el("td", {}, el("a", {href: placeOf(c), "data-key": "list|" + placeOf(c), onclick: follow}, c.spec), " ", c.name),
    el("td", {}, el("span", {class: "tag " + c.f}, c.found), c.o === "n" ? [" ", el("span", {class: "tag n"}, "not as expected")] : null),
    el("td", {}, num(c.st)), el("td", {}, num(c.tr)))));
  $("more").hidden = shown >= current.length;
  $("more").textContent = "Show " + num(Math.min(500, current.length - shown)) + " more of " + num(current.length - shown);
}

// filtersFrom takes filters out of an address.
function filtersFrom(q) {
  for (const f of Object.keys(filters)) {
    const input = $("f-" + f);
    filters[f] = q[f] || "";
    input.value = filters[f];
    if (input.value !== filters[f]) filters[f] = input.value = ""; // no such choice on this page
  }
  if (drawnFor !== JSON.stringify(filters)) drawOverview();
}
const filterHash = () => { const p = pairs(filters); return p.length ? "#?" + p.join("&") : "#"; };
for (const f of Object.keys(filters)) {
  $("f-" + f).addEventListener("input", () => { filters[f] = $("f-" + f).value; swap(filterHash()); drawOverview(); });
}
$("more").addEventListener("click", () => { shown += 500; drawList(); });
$("filter").addEventListener("submit", e => e.preventDefault());
