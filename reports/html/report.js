/* What the HTML report adds where scripts run: filter, search, sorting, folding, the theme, the keys, the zoom. The page
 * can be read without it. */
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const findings = all(".finding");
  const folds = findings.map((finding) => finding.firstElementChild);

  /* ---- the theme: as the system, light, dark ---- */

  const themes = ["", "light", "dark"];
  const themeNames = { "": "Auto", light: "Light", dark: "Dark" };
  const themeButton = $("theme-button");
  const kept = { get: () => { try { return localStorage.getItem("gordian-theme"); } catch { return null; } },
                 set: (value) => { try { localStorage.setItem("gordian-theme", value); } catch { /* not kept */ } } };

  function setTheme(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    themeButton.textContent = themeNames[theme];
    themeButton.setAttribute("aria-label", `Theme: ${themeNames[theme]}`);
  }
  function nextTheme() {
    const now = themes.indexOf(document.documentElement.dataset.theme || "");
    const theme = themes[(now + 1) % themes.length];
    setTheme(theme);
    kept.set(theme);
  }
  setTheme(themes.includes(kept.get()) ? kept.get() : "");
  themeButton.hidden = false;
  themeButton.addEventListener("click", nextTheme);

  /* ---- folding ---- */

  const setAll = (open) => folds.forEach((fold) => { fold.open = open; });
  const unfoldTarget = () => {
    const target = location.hash.startsWith("#f-") && $(location.hash.slice(1));
    if (!target) return;
    target.firstElementChild.open = true;
    choose(findings.indexOf(target));
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfoldTarget);
  addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#f-']");
    if (link && link.getAttribute("href") === location.hash) unfoldTarget();
  });
  addEventListener("beforeprint", () => folds.forEach((fold) => { fold.dataset.was = fold.open; fold.open = true; }));
  addEventListener("afterprint", () => folds.forEach((fold) => { fold.open = fold.dataset.was === "true"; }));

  /* ---- filter and search ---- */

  const form = $("filter");
  const words = new Map();
  /* The text of a finding is looked at when somebody first searches. */
  const textOf = (finding) => {
    if (!words.has(finding)) words.set(finding, finding.textContent.toLowerCase());
    return words.get(finding);
  };

  function filter() {
    const weights = new Set(all("input[name=weight]:checked", form).map((box) => box.value));
    const kind = $("by-kind").value;
    const process = $("by-process") ? $("by-process").value : "";
    const sought = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const finding of findings) {
      const row = $(finding.dataset.row);
      const fits = weights.has(row.dataset.weight) && (!kind || row.dataset.kind === kind) &&
        (!process || row.dataset.process === process) && sought.every((word) => textOf(finding).includes(word));
      row.hidden = finding.hidden = !fits;
      shown += fits;
    }
    $("shown").textContent = shown === findings.length ? "" : `${shown} of ${findings.length} shown`;
    $("empty").hidden = shown > 0;
  }

  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    $("unfold").addEventListener("click", () => setAll(true));
    $("fold").addEventListener("click", () => setAll(false));
    filter(); /* a browser may have kept what was typed */
  }

  /* ---- sorting ---- */

  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const valueOf = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent;

  function sort(table, head, column) {
    const numeric = head.classList.contains("num");
    const now = head.getAttribute("aria-sort");
    const down = now ? now === "ascending" : numeric && column > 0; /* of numbers, the largest first */
    all("th", table).forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
    rows.sort(([a], [b]) => (down ? -1 : 1) * (numeric ? Number(a) - Number(b) : compare(a, b)));
    body.append(...rows.map(([, row]) => row));
  }

  for (const table of all("table.sortable"))
    all("th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(table, head, column));
    });

  /* ---- copying ---- */

  for (const button of all(".copy")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText($(button.dataset.copy).textContent);
      button.textContent = "Copied";
    });
  }

  /* ---- the graph: zoom, move, choose ---- */

  const graph = $("graph");
  let view = null; /* the part that is seen */

  function zoomable() {
    const svg = graph.querySelector("svg");
    const { x, y, width, height } = svg.viewBox.baseVal;
    const edges = all(".e", graph);
    const nodes = all(".n", graph);
    graph.classList.add("live");
    graph.querySelector(".zoom").hidden = false;
    svg.removeAttribute("width");

    const show = () => svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    /* The whole graph, but never larger than life. */
    function fit() {
      const wide = Math.max(width, graph.clientWidth);
      const seen = Math.min(Math.max((graph.clientWidth * height) / wide, 120), innerHeight * 0.7);
      svg.setAttribute("height", Math.round(seen));
      view = { x: x - (wide - width) / 2, y, width: wide, height };
      show();
    }
    function zoom(factor, at) {
      const box = svg.getBoundingClientRect();
      const scale = Math.max(view.width / box.width, view.height / box.height);
      const cx = view.x + view.width / 2 + (at ? (at.x - box.x - box.width / 2) * scale : 0);
      const cy = view.y + view.height / 2 + (at ? (at.y - box.y - box.height / 2) * scale : 0);
      const next = Math.min(Math.max(view.width * factor, 60), width * 4) / view.width;
      view = { x: cx - (cx - view.x) * next, y: cy - (cy - view.y) * next, width: view.width * next, height: view.height * next };
      show();
    }
    function move(dx, dy) {
      const box = svg.getBoundingClientRect();
      const scale = Math.max(view.width / box.width, view.height / box.height);
      view.x -= dx * scale;
      view.y -= dy * scale;
      show();
    }
    /* Show one lock with what is before and after it. */
    function chooseNode(node) {
      [...edges, ...nodes].forEach((part) => part.classList.remove("on"));
      graph.classList.toggle("chosen", Boolean(node));
      if (!node) return;
      node.classList.add("on");
      for (const edge of edges)
        if (edge.dataset.f === node.dataset.n || edge.dataset.t === node.dataset.n) {
          edge.classList.add("on");
          nodes[edge.dataset.f].classList.add("on");
          nodes[edge.dataset.t].classList.add("on");
        }
    }

    const zooms = { in: () => zoom(1 / 1.4), out: () => zoom(1.4), fit };
    graph.querySelector(".zoom").addEventListener("click", (event) => {
      const what = event.target.dataset.zoom;
      if (what) zooms[what]();
    });
    graph.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== graph) return; /* the page scrolls */
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, event);
    }, { passive: false });
    graph.addEventListener("keydown", (event) => {
      const keys = { "+": zooms.in, "=": zooms.in, "-": zooms.out, 0: fit, ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0),
                     ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60), Escape: () => chooseNode(null) };
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    let from = null;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      graph.focus({ preventScroll: true });
      from = { x: event.clientX, y: event.clientY, moved: false };
      svg.setPointerCapture(event.pointerId);
      graph.classList.add("moving");
    });
    svg.addEventListener("pointermove", (event) => {
      if (!from) return;
      move(event.clientX - from.x, event.clientY - from.y);
      from = { x: event.clientX, y: event.clientY, moved: from.moved || Math.abs(event.movementX) + Math.abs(event.movementY) > 2 };
    });
    svg.addEventListener("pointerup", (event) => {
      if (from && !from.moved) {
        const hit = document.elementFromPoint(event.clientX, event.clientY);
        chooseNode(hit && hit.closest(".n"));
      }
      from = null;
      graph.classList.remove("moving");
    });
    addEventListener("resize", fit);
    addEventListener("beforeprint", fit);
    fit();
  }
  if (graph) zoomable();

  /* ---- the keys ---- */

  let current = -1;
  function choose(index) {
    findings.forEach((finding) => finding.classList.remove("current"));
    current = index;
    if (findings[index]) findings[index].classList.add("current");
  }
  function step(by) {
    let index = current;
    do index += by; while (findings[index] && findings[index].hidden);
    if (!findings[index]) return;
    choose(index);
    findings[index].scrollIntoView({ block: "start" });
    folds[index].querySelector("summary").focus({ preventScroll: true });
  }
  const dialog = $("keys");
  const showKeys = () => (dialog.open ? dialog.close() : dialog.showModal());
  $("keys-button").hidden = false;
  $("keys-button").addEventListener("click", showKeys);
  const keys = {
    "/": () => form && $("search").focus(),
    j: () => step(1), k: () => step(-1),
    o: () => { if (folds[current]) folds[current].open = !folds[current].open; },
    e: () => setAll(true), c: () => setAll(false), t: nextTheme,
    g: () => { if (graph) { graph.scrollIntoView({ block: "center" }); graph.focus({ preventScroll: true }); } },
    "?": showKeys,
  };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, select, textarea");
    if (typing && event.key === "Escape") event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  unfoldTarget();
})();
