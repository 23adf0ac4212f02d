// The page of the catalogue: question, filters and order stand in the address behind #, so that it can be passed on.
// Everything that comes from the data is set as text or as a checked address, never as HTML.

(() => {
  const SCREEN = 50;
  const FLAGS = { code: "with code", nocode: "without code", here: "implemented here" };
  const OPPOSITE = /** @type {Record<string, string>} */ ({ code: "nocode", nocode: "code" });
  const ORDERS = { best: "Best first", newest: "Newest first", oldest: "Oldest first", title: "By title" };
  const TITLES = { base_model: "Base model", target: "Anatomy, target" };

  /** @typedef {{q: string, sort: string, all: boolean, flags: Set<string>, facets: Map<string, Set<string>>}} State */

  const root = /** @type {HTMLElement | null} */ (document.getElementById("catalogue"));
  const catalogue = /** @type {{SAMARITAN_CATALOGUE?: Catalogue}} */ (globalThis).SAMARITAN_CATALOGUE;
  if (!root || !catalogue) return;
  const index = indexOf(catalogue);
  const years = [...new Set(catalogue.papers.map((paper) => paper.month.slice(0, 4)))].sort().reverse();
  /** @type {[string, string[], Record<string, string>][]} */
  const facets = [
    ...Object.entries(catalogue.vocabulary).map(([name, words]) =>
      /** @type {[string, string[], Record<string, string>]} */ ([name, Object.keys(words), words])),
    ["year", years, {}],
  ];

  /** @param {Paper} paper @param {string} facet @returns {string[]} */
  const wordsOf = (paper, facet) => (facet === "year" ? [paper.month.slice(0, 4)] : paper.tags[facet] ?? []);
  /** @param {Paper} paper @param {string} flag */
  const has = (paper, flag) => {
    if (flag === "here") return paper.implemented.length > 0;
    return (paper.code !== null) === (flag === "code");
  };

  /**
   * An element with text and children.
   * @param {string} kind @param {Record<string, string>} attributes @param {...(Node | string)} inside
   */
  function make(kind, attributes, ...inside) {
    const made = document.createElement(kind);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  }

  /** A link, or plain text where the address is none of the web's. @param {string | null} to @param {string} text */
  function link(to, text) {
    if (to === null || !/^https?:\/\//i.test(to)) return document.createTextNode(text);
    return make("a", { href: to, rel: "noopener noreferrer" }, text);
  }

  function fromAddress() {
    return stateOf(new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : ""));
  }

  /** What an address asks for; words that do not exist are left out. @param {URLSearchParams} given @returns {State} */
  function stateOf(given) {
    const chosen = facets.map(([name, words]) => {
      const asked = new Set((given.get(name) ?? "").split(","));
      return /** @type {[string, Set<string>]} */ ([name, new Set(words.filter((word) => asked.has(word)))]);
    });
    const sort = given.get("sort") ?? "";
    const flags = Object.keys(FLAGS).filter((flag) => given.has(flag));
    return {
      q: given.get("q") ?? "",
      sort: Object.hasOwn(ORDERS, sort) ? sort : "best",
      all: false,
      flags: new Set(flags.filter((flag) => flag !== "nocode" || !flags.includes("code"))),
      facets: new Map(chosen),
    };
  }

  /** @param {State} now @returns {string} */
  function toAddress(now) {
    const given = new URLSearchParams();
    if (now.q.trim()) given.set("q", now.q);
    for (const [name, words] of now.facets) if (words.size) given.set(name, [...words].join(","));
    for (const flag of now.flags) given.set(flag, "1");
    if (now.sort !== "best") given.set("sort", now.sort);
    return given.toString();
  }

  /** Whether a paper passes all filters but one. @param {Paper} paper @param {State} now @param {string} [but] */
  function passes(paper, now, but) {
    for (const flag of now.flags) {
      if (flag !== but && OPPOSITE[flag] !== but && !has(paper, flag)) return false;
    }
    for (const [facet, words] of now.facets) {
      if (facet !== but && words.size && !wordsOf(paper, facet).some((word) => words.has(word))) return false;
    }
    return true;
  }

  /** @param {Paper[]} papers @param {string} sort */
  function sorted(papers, sort) {
    if (sort === "title") return [...papers].sort((a, b) => a.title.localeCompare(b.title, "en"));
    const newest = sort === "best" ? papers : newestFirst(papers);
    return sort === "oldest" ? newest.reverse() : newest;
  }

  let state = fromAddress();

  const field = /** @type {HTMLInputElement} */ (make("input", {
    type: "search", id: "catalogue-words", autocomplete: "off", spellcheck: "false", placeholder: "ultrasound",
  }));
  const order = /** @type {HTMLSelectElement} */ (make("select", { id: "catalogue-order" },
    ...Object.entries(ORDERS).map(([value, text]) => make("option", { value }, text))));
  const said = make("p", { role: "status", "aria-live": "polite" });
  const clear = /** @type {HTMLButtonElement} */ (make("button", { type: "button" }, "Clear all"));
  const copyAll = /** @type {HTMLButtonElement} */ (make("button", { type: "button" }, "Copy BibTeX of these"));
  const share = /** @type {HTMLButtonElement} */ (make("button", { type: "button" }, "Copy link"));
  const list = make("ol", { class: "catalogue__papers", "aria-label": "Papers" });
  const more = /** @type {HTMLButtonElement} */ (make("button", { type: "button", class: "catalogue__more" }));
  const panel = /** @type {HTMLDetailsElement} */ (make("details", { class: "catalogue__filters" }, make("summary", {}, "Filters")));
  /** @type {Map<string, {box: HTMLInputElement, count: HTMLElement, row: HTMLElement}>} */
  const boxes = new Map();

  /** A box of one filter. @param {string} facet @param {string} word @param {string} text @param {string} meaning */
  function boxFor(facet, word, text, meaning) {
    const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
    const count = make("b", {});
    const row = make("label", { class: "catalogue__word", ...(meaning ? { title: meaning } : {}) }, box, text, count);
    box.addEventListener("change", () => choose(facet, word, box.checked));
    boxes.set(`${facet}=${word}`, { box, count, row });
    return row;
  }

  /** Set or lift one filter. @param {string} facet @param {string} word @param {boolean} on */
  function choose(facet, word, on) {
    const set = facet in FLAGS ? state.flags : state.facets.get(facet);
    if (on) set?.add(word);
    else set?.delete(word);
    if (on && word in OPPOSITE) state.flags.delete(OPPOSITE[word]);
    changed();
  }

  function build() {
    const flags = Object.entries(FLAGS).map(([flag, text]) => boxFor(flag, flag, text, ""));
    panel.append(...flags, ...facets.map(([name, words, meanings], n) => {
      const title = TITLES[/** @type {"target"} */ (name)] ?? name[0].toUpperCase() + name.slice(1);
      const group = make("div", { role: "group", "aria-label": title },
        ...words.map((word) => boxFor(name, word, word, meanings[word] ?? "")));
      const facet = make("details", { class: "catalogue__facet" }, make("summary", {}, title), group);
      facet.toggleAttribute("open", n === 0 || Boolean(state.facets.get(name)?.size));
      return facet;
    }));
    panel.open = matchMedia("(min-width: 60em)").matches;
    root?.append(
      make("div", { class: "catalogue__ask", role: "search" },
        make("label", { class: "catalogue__words" }, make("span", {}, "Words of title, authors, venue, tags"), field),
        make("label", {}, make("span", {}, "Order"), order)),
      make("div", { class: "catalogue__said" }, said, clear, share, copyAll),
      panel,
      make("div", {}, list, more),
    );
  }

  /** Put text on the clipboard and say so on the button. @param {HTMLElement} button @param {string} text */
  async function copy(button, text) {
    const before = button.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // pages from the disk have no clipboard of this kind
      const area = /** @type {HTMLTextAreaElement} */ (make("textarea", {}));
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1500);
  }

  /** @param {Paper} paper */
  function shown(paper) {
    const names = paper.authors.join(", ") + (paper.others ? " and others" : "");
    const about = [names, paper.month, paper.venue ?? "", paper.arxiv ? `arXiv ${paper.arxiv}` : ""];
    const bibtex = make("button", { type: "button", "aria-label": `Copy BibTeX of ${paper.title}` }, "BibTeX");
    bibtex.addEventListener("click", () => copy(bibtex, paper.bibtex));
    const code = paper.code === null ? [] : [link(paper.code, paper.licence && paper.licence !== "none" ? `code (${paper.licence})` : "code")];
    const here = paper.implemented.map((one) =>
      make("a", { class: "catalogue__here", href: one.page }, `here: ${one.name}`));
    const tags = Object.entries(paper.tags).flatMap(([facet, words]) => words.map((word) => {
      const on = state.facets.get(facet)?.has(word) ?? false;
      const tag = make("button", { type: "button", "aria-pressed": String(on), title: facet.replace("_", " "), "data-tag": `${facet}=${word}` }, word);
      tag.addEventListener("click", () => {
        choose(facet, word, !on); // draws the list anew: the keyboard stays where it was
        const again = [...list.children].find((item) => item.getAttribute("data-key") === paper.key);
        const same = /** @type {HTMLElement | null | undefined} */ (again?.querySelector(`[data-tag="${facet}=${word}"]`));
        (same ?? field).focus();
      });
      return tag;
    }));
    return make("li", { "data-key": paper.key },
      make("p", { class: "catalogue__title" }, link(paper.url, paper.title)),
      make("p", { class: "catalogue__about" }, about.filter(Boolean).join(" · ")),
      ...paper.earlier.map((one) => make("p", { class: "catalogue__about" }, `Earlier: ${one.title}`)),
      make("p", { class: "catalogue__row" }, ...code, ...here, bibtex),
      make("p", { class: "catalogue__row catalogue__tags" }, ...tags));
  }

  /** @type {Paper[]} */
  let current = [];

  function render() {
    const matching = index.search(state.q);
    current = sorted((matching ?? []).filter((paper) => passes(paper, state)), state.sort);
    for (const [name, { box, count, row }] of boxes) {
      const [facet, word] = name.split("=");
      const rest = (matching ?? []).filter((paper) => passes(paper, state, facet));
      const number = rest.filter((paper) => (facet in FLAGS ? has(paper, facet) : wordsOf(paper, facet).includes(word))).length;
      box.checked = (facet in FLAGS ? state.flags : state.facets.get(facet))?.has(word) ?? false;
      count.textContent = String(number);
      row.classList.toggle("catalogue__word--none", number === 0 && !box.checked);
    }
    const visible = state.all ? current : current.slice(0, SCREEN);
    list.replaceChildren(...visible.map(shown));
    more.hidden = visible.length === current.length;
    more.textContent = `Show all ${current.length}`;
    said.textContent = told(matching, more.hidden);
    clear.hidden = toAddress(state) === "";
    copyAll.hidden = current.length === 0;
    if (field.value !== state.q) field.value = state.q;
    order.value = state.sort;
  }

  /** What was found, in words. @param {Paper[] | null} matching @param {boolean} whole */
  function told(matching, whole) {
    if (matching === null) return "The question has no letter and no digit; give words such as: ultrasound.";
    const count = `${current.length} of ${catalogue?.papers.length} papers`;
    if (current.length) return whole ? count : `${count}, the first ${SCREEN} shown`;
    if (matching.length) return `${count}: ${matching.length} have the words, none of them passes the filters`;
    return `${count} have all words (${index.explain(state.q).join(", ")}); ask for fewer`;
  }

  function changed() {
    state.all = false;
    const address = toAddress(state);
    history.replaceState(history.state, "", location.href.split("#")[0] + (address ? `#${address}` : ""));
    render();
  }

  /** Arrow keys go from the field to the titles and between them. @param {KeyboardEvent} event */
  function arrows(event) {
    if (event.key === "Escape" && event.target === field && field.value) {
      state.q = "";
      event.preventDefault();
      changed();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const titles = /** @type {HTMLElement[]} */ ([field, ...list.querySelectorAll(".catalogue__title a")]);
    const item = document.activeElement?.closest("li")?.querySelector(".catalogue__title a");
    const at = titles.indexOf(/** @type {HTMLElement} */ (item ?? document.activeElement));
    const next = titles[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  }

  build();
  render();
  root.hidden = false;
  field.addEventListener("input", () => { state.q = field.value; changed(); });
  order.addEventListener("change", () => { state.sort = order.value; changed(); });
  clear.addEventListener("click", () => {
    state = stateOf(new URLSearchParams());
    changed();
    field.focus();
  });
  share.addEventListener("click", () => copy(share, location.href));
  copyAll.addEventListener("click", () => copy(copyAll, current.map((paper) => paper.bibtex).join("\n\n")));
  more.addEventListener("click", () => {
    const before = list.children.length;
    state.all = true;
    render();
    /** @type {HTMLElement | null} */ (list.children[before]?.querySelector("a, button"))?.focus();
  });
  root.addEventListener("keydown", arrows);
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=") && location.hash.length > 1) return;  // a heading of the page
    state = fromAddress();
    render();
  });
})();
