// @ts-check
/** The catalogue in the browser: search, filters, and an address that can be shared. Asks nobody; writes text as text. */
"use strict";

(() => {
  /**
   * @typedef {{key: string, title: string, authors: string, month: string, venue: string, url: string, code: string,
   *            tags: Record<string, string[]>, implemented: string[], bibtex: string}} Paper
   * @typedef {{q: string, sort: string, filters: Map<string, Set<string>>}} State
   */
  const root = document.getElementById("catalogue");
  /** @type {{papers: Paper[], facets: Record<string, string>}} */
  const data = /** @type {any} */ (globalThis).SAMARITAN_CATALOGUE;
  if (!root || !data) return;

  const STEP = 30; // papers at a time
  const STEMS = 4; // from so many letters on, a word finds those that begin with it
  /** @type {State} */
  const state = read();
  let shown = STEP;

  /** Facets that are not tags: what they are called, and their words of a paper. @type {Record<string, [string, (p: Paper) => string[]]>} */
  const FACETS = {
    ...Object.fromEntries(Object.entries(data.facets).map(([name, title]) => [name, [title, (/** @type {Paper} */ p) => p.tags[name] ?? []]])),
    code: ["code", (p) => (p.code ? ["with code"] : [])],
    here: ["implemented here", (p) => (p.implemented.length ? ["yes"] : [])],
    year: ["year", (p) => [p.month.slice(0, 4)]],
  };
  const WEIGHTS = /** @type {const} */ ({ title: 10, key: 6, authors: 6, tags: 4, venue: 2 });
  const texts = data.papers.map((p) => ({
    title: words(p.title), key: words(p.key), authors: words(p.authors), venue: words(p.venue),
    tags: words(Object.values(p.tags).flat().join(" ")),
  }));

  /** Small letters without marks; hyphens part words, and the whole is kept, too. @param {string} text @returns {string[]} */
  function words(text) {
    const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    const parts = plain.split(/[^a-z0-9]+/).filter(Boolean);
    const joined = plain.split(/\s+/).filter((w) => /[-/]/.test(w)).map((w) => w.replace(/[^a-z0-9]/g, ""));
    return [...parts, ...joined];
  }

  /** How well a paper answers all words; 0 where one is missing. @param {number} row @param {string[]} asked */
  function score(row, asked) {
    let sum = 0;
    for (const word of asked) {
      let best = 0;
      for (const [field, weight] of Object.entries(WEIGHTS)) {
        for (const one of texts[row][/** @type {keyof typeof WEIGHTS} */ (field)]) {
          if (one === word) best = Math.max(best, weight);
          else if (word.length >= STEMS && one.startsWith(word)) best = Math.max(best, weight / 2);
        }
      }
      if (!best) return 0;
      sum += best;
    }
    return ` ${texts[row].title.join(" ")} `.includes(` ${asked.join(" ")} `) ? 2 * sum : sum; // words in a row count twice
  }

  /** Rows that pass the words and every facet but one. @param {string} [but] */
  function passing(but) {
    const asked = words(state.q);
    const rows = [];
    for (let row = 0; row < data.papers.length; row += 1) {
      const fits = [...state.filters].every(([facet, chosen]) =>
        facet === but || !chosen.size || FACETS[facet][1](data.papers[row]).some((word) => chosen.has(word)));
      const points = fits ? (asked.length ? score(row, asked) : 1) : 0;
      if (points) rows.push({ row, points });
    }
    return rows;
  }

  /** @param {string} tag @param {Record<string, any>} [properties] @param {(Node | string)[]} [children] */
  function make(tag, properties = {}, children = []) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name in element && name !== "list") /** @type {any} */ (element)[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  /** A link to the web, if it is one. @param {string} address @param {string} text */
  function link(address, text) {
    return /^https?:\/\//.test(address) ? [make("a", { href: address, rel: "noopener noreferrer" }, [text])] : [];
  }

  /** @param {Paper} paper */
  function card(paper) {
    const tags = Object.keys(data.facets).flatMap((facet) => (paper.tags[facet] ?? []).map((word) =>
      make("button", { type: "button", title: `${data.facets[facet]}: only ${word}`, onclick: () => choose(facet, word, true) }, [word])));
    const copy = make("button", { type: "button", onclick: () => copied(copy, paper.bibtex) }, ["Copy BibTeX"]);
    return make("li", { id: paper.key }, [
      make("h3", {}, link(paper.url, paper.title).length ? link(paper.url, paper.title) : [paper.title]),
      make("div", {}, [`${paper.authors} · ${paper.month}${paper.venue ? ` · ${paper.venue}` : ""}`]),
      make("div", { className: "catalogue-tags" }, tags),
      make("div", { className: "catalogue-links" }, [
        ...link(paper.code, "Code"), copy, make("code", {}, [paper.key]),
        ...(paper.implemented.length ? [make("span", {}, [`Implemented here: ${paper.implemented.join(", ")}`])] : []),
      ]),
    ]);
  }

  /** @param {HTMLElement} button @param {string} text */
  async function copied(button, text) {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const area = /** @type {HTMLTextAreaElement} */ (make("textarea", { value: text, rows: 8, readOnly: true }));
      area.style.width = "100%";
      button.parentElement?.after(area);
      area.select();
      button.textContent = "Press Ctrl+C";
    }
  }

  /** @param {string} facet @param {string} word @param {boolean} on */
  function choose(facet, word, on) {
    const chosen = state.filters.get(facet) ?? new Set();
    if (on) chosen.add(word);
    else chosen.delete(word);
    state.filters.set(facet, chosen);
    update();
  }

  /** What the address asks for. @returns {State} */
  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const filters = new Map();
    for (const [name, value] of asked) {
      if (!["q", "sort"].includes(name) && (Object.hasOwn(data.facets, name) || ["code", "here", "year"].includes(name))) {
        filters.set(name, new Set([...(filters.get(name) ?? []), value]));
      }
    }
    return { q: asked.get("q") ?? "", sort: asked.get("sort") ?? "best", filters };
  }

  function write() {
    const asked = new URLSearchParams();
    if (state.q) asked.set("q", state.q);
    if (state.sort !== "best") asked.set("sort", state.sort);
    for (const [facet, chosen] of state.filters) for (const word of [...chosen].sort()) asked.append(facet, word);
    history.replaceState(null, "", asked.size ? `#${asked}` : location.pathname + location.search);
  }

  const input = /** @type {HTMLInputElement} */ (make("input", {
    type: "search", value: state.q, placeholder: "ultrasound lora", "aria-label": "Search papers", spellcheck: false,
    oninput: () => { state.q = input.value; update(); },
  }));
  const sort = /** @type {HTMLSelectElement} */ (make("select", {
    "aria-label": "Order", onchange: () => { state.sort = sort.value; update(); },
  }, [["best", "best first"], ["new", "newest first"], ["old", "oldest first"]].map(([value, text]) => make("option", { value }, [text]))));
  const count = make("output", { "aria-live": "polite" });
  const clear = make("button", { type: "button", onclick: () => {
    state.q = ""; state.filters.clear(); input.value = ""; update(); input.focus();
  } }, ["Clear all"]);
  const facets = make("div", { className: "catalogue-facets", role: "group", "aria-label": "Filters" });
  const list = make("ol", { className: "catalogue-list" });
  const more = make("button", { type: "button", onclick: () => { shown += STEP; draw(); } });
  /** @type {Map<string, boolean>} */
  const open = new Map();

  function update() {
    shown = STEP;
    write();
    draw();
  }

  /** @param {string} facet */
  function boxes(facet) {
    const [title, of] = FACETS[facet];
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { row } of passing(facet)) for (const word of of(data.papers[row])) counts.set(word, (counts.get(word) ?? 0) + 1);
    const chosen = state.filters.get(facet) ?? new Set();
    for (const word of chosen) if (!counts.has(word)) counts.set(word, 0);
    const ordered = [...counts].sort(facet === "year" ? (a, b) => b[0].localeCompare(a[0]) : (a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
    const rows = ordered.map(([word, number]) => make("label", {}, [
      make("input", { type: "checkbox", checked: chosen.has(word), "data-facet": facet, value: word,
        onchange: (/** @type {any} */ event) => choose(facet, word, event.target.checked) }),
      make("span", {}, [word]), make("span", {}, [String(number)]),
    ]));
    const details = /** @type {HTMLDetailsElement} */ (make("details", {
      open: open.get(facet) ?? ((facet === "family" && window.innerWidth > 720) || chosen.size > 0),
      ontoggle: () => open.set(facet, details.open),
    }, [make("summary", {}, [title]), ...rows]));
    return details;
  }

  function draw() {
    const active = /** @type {HTMLInputElement | null} */ (document.activeElement);
    const kept = active?.dataset?.facet ? [active.dataset.facet, active.value] : null;
    const rows = passing();
    const month = (/** @type {{row: number}} */ { row }) => data.papers[row].month;
    rows.sort((a, b) => (state.sort === "best" ? b.points - a.points : 0)
      || (state.sort === "old" ? month(a).localeCompare(month(b)) : month(b).localeCompare(month(a))) || a.row - b.row);
    sort.value = state.sort;
    count.textContent = rows.length === 1 ? "1 paper" : `${rows.length} papers`;
    facets.replaceChildren(...Object.keys(FACETS).map(boxes));
    list.replaceChildren(...rows.slice(0, shown).map(({ row }) => card(data.papers[row])));
    more.hidden = rows.length <= shown;
    more.textContent = `Show ${Math.min(STEP, rows.length - shown)} more of ${rows.length}`;
    if (kept) {
      const again = [...facets.querySelectorAll("input")].find((one) => one.dataset.facet === kept[0] && one.value === kept[1]);
      again?.focus();
    }
  }

  window.addEventListener("hashchange", () => {
    const asked = read();
    Object.assign(state, asked);
    input.value = state.q;
    shown = STEP;
    draw();
  });
  root.append(
    make("div", { className: "catalogue-search", role: "search" }, [input, sort, clear, count]),
    facets, make("div", {}, [list, more]),
  );
  draw();
})();
