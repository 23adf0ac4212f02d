// Ranked search over the catalogue, as `samaritan papers` does it: the same words, the same weights, the same order.
// Lists of words and weights come from the package with the data (scripts/catalogue/browse.py); only the rules stand here.

/**
 * @typedef {Record<string, string[]>} Tags facet -> words
 * @typedef {{room: string, name: string, page: string}} Implementation
 * @typedef {{key: string, title: string, authors: string[], others: boolean, month: string, venue: string | null,
 *   arxiv: string | null, url: string | null, code: string | null, licence: string | null, seminal: boolean,
 *   earlier: {key: string, title: string}[], tags: Tags, implemented: Implementation[], bibtex: string}} Paper
 * @typedef {{same: string[][], narrower: Record<string, string[]>, stop: string[], letters: Record<string, string>,
 *   singular: string[], columns: Record<string, number>, prefix: number, glued: number}} Rules
 * @typedef {{vocabulary: Record<string, Record<string, string>>, rules: Rules, papers: Paper[]}} Catalogue
 * @typedef {{phrases: string[][], open: boolean, said: string}} Unit
 */

/** Words in the form in which they are compared; see samaritan.catalog.words. @param {Rules} rules */
function wordsBy(rules) {
  const token = /[\p{L}\p{N}]+/gu;
  const compound = /[\p{L}\p{N}]+(?:[-\u2010-\u2013/+_.]+[\p{L}\p{N}]+)+/gu;

  /** Small letters without accents. @param {string} text */
  const fold = (text) =>
    [...text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss")]
      .map((letter) => rules.letters[letter] ?? letter)
      .join("")
      .replace(/['\u2019]s(?![\p{L}\p{N}_])/gu, "");

  /** @param {string} word */
  const singular = (word) => {
    if (word.length < 4 || !word.endsWith("s") || !/^\p{L}+$/u.test(word)) return word;
    if (rules.singular.some((ending) => word.endsWith(ending))) return word;
    if (word.endsWith("ies") && word.length > 4) return word.slice(0, -3) + "y";
    if (["sses", "xes", "ches", "shes"].some((ending) => word.endsWith(ending))) return word.slice(0, -2);
    return word.slice(0, -1);
  };

  /** @param {string} text @returns {string[]} */
  const tokens = (text) => (fold(text).match(token) ?? []).map(singular);

  /** Compounds as one word. @param {string} text @returns {string[]} */
  const joined = (text) => {
    const folded = fold(text);
    const glued = (folded.match(compound) ?? []).map((one) => singular((one.match(token) ?? []).join("")));
    const plain = folded.match(token) ?? [];
    const numbered = plain.slice(1).flatMap((next, n) =>
      /^\p{L}+$/u.test(plain[n]) && /^\p{N}+$/u.test(next) ? [plain[n] + next] : []);
    return [...glued, ...numbered];
  };
  return { tokens, joined };
}

/** What a question asks for, part by part. @param {Rules} rules @param {(text: string) => string[]} tokens */
function questionsBy(rules, tokens) {
  const stop = new Set(rules.stop);
  /** @type {Map<string, string[][]>} */
  const names = new Map();
  for (const group of rules.same) {
    const phrases = group.map(tokens);
    const narrower = (rules.narrower[group[0]] ?? []).map(tokens);
    for (const phrase of phrases) names.set(phrase.join(" "), [phrase, ...phrases, ...narrower]);
  }
  const longest = Math.max(...[...names.keys()].map((name) => name.split(" ").length));

  /** Neighbouring words as one word. @param {string[]} words @param {number} place @param {number} length */
  const glued = (words, place, length) => {
    const found = [];
    for (let start = Math.max(0, place - rules.glued + 1); start <= place; start++) {
      const last = Math.min(words.length, start + rules.glued);
      for (let end = Math.max(place + length, start + 2); end <= last; end++) {
        const run = words.slice(start, end);
        if (!run.some((word) => stop.has(word))) found.push([run.join("")]);
      }
    }
    return found;
  };

  /** @param {string[]} words @returns {Unit[]} */
  const loose = (words) => {
    const units = [];
    for (let place = 0; place < words.length; ) {
      let length = Math.min(longest, words.length - place);
      while (length > 1 && !names.has(words.slice(place, place + length).join(" "))) length--;
      const said = words.slice(place, place + length);
      const known = names.get(said.join(" ")) ?? [said];
      units.push({ said: said.join(" "), phrases: [...known, ...glued(words, place, length)], open: true });
      place += length;
    }
    return units;
  };

  const number = /(?:arxiv:\s*|https?:\/\/(?:www\.)?arxiv\.org\/(?:abs|pdf|html)\/)?([0-9]{4}\.[0-9]{4,5})(?:v[0-9]+)?(?:\.pdf)?/gi;

  /** Words between double quotes follow each other. @param {string} query @returns {Unit[]} */
  return (query) => {
    const units = query.replace(number, "$1").split('"').flatMap((piece, n) => {
      const words = tokens(piece);
      return n % 2 && words.length ? [{ said: words.join(" "), phrases: [words], open: false }] : loose(words);
    });
    const told = units.filter((unit) => !stop.has(unit.said));
    return told.length ? told : units;
  };
}

/** An index of papers. @param {Catalogue} catalogue */
function indexOf(catalogue) {
  const { rules, papers } = catalogue;
  const { tokens, joined } = wordsBy(rules);
  const units = questionsBy(rules, tokens);
  const weights = Object.values(rules.columns);
  const documents = papers.map((paper) => {
    const tags = Object.values(paper.tags).flat().join(" ");
    const titles = [paper.title, ...paper.earlier.map((one) => one.title)];
    const called = paper.implemented.filter((one) => ["models", "adapt"].includes(one.room)).map((one) => one.name);
    const names = [paper.code?.replace(/\/+$/, "").split("/").pop() ?? "", ...called];
    /** @type {Record<string, string[]>} */
    const by = {
      key: [paper.key, ...paper.earlier.map((one) => one.key), ...tokens(paper.arxiv ?? "")],
      names: names.map((name) => tokens(name).join("")).filter(Boolean),
      title: titles.flatMap(tokens),
      joined: titles.flatMap(joined),
      authors: paper.authors.flatMap((author) => [...tokens(author), ...joined(author)]),
      venue: tokens(paper.venue ?? ""),
      tags: [...tokens(tags), ...joined(tags)],
    };
    const columns = Object.keys(rules.columns).map((name) => by[name]);
    return { columns, size: columns.reduce((sum, words) => sum + words.length, 0) };
  });
  const usual = documents.reduce((sum, one) => sum + one.size, 0) / (documents.length || 1);

  /** Hits of a phrase in each document, by the weight of their column. @param {string[]} phrase @param {boolean} open */
  const hits = (phrase, open) => documents.map(({ columns }) => {
    let sum = 0;
    columns.forEach((words, column) => {
      for (let start = 0; start + phrase.length <= words.length; start++) {
        const fits = phrase.every((word, n) => open && n === phrase.length - 1
          ? words[start + n].startsWith(word) : words[start + n] === word);
        if (fits) sum += weights[column];
      }
    });
    return sum;
  });

  /** BM25 of each document for one part of a question; 0 where it has none of its phrases.
   * @param {Unit} unit @param {number} shortest from so many letters on, words that begin so will do */
  const scores = (unit, shortest) => {
    const total = documents.map(() => 0);
    const phrases = new Map(unit.phrases.map((phrase) => [phrase.join(" "), phrase]));
    for (const phrase of phrases.values()) {
      const found = hits(phrase, unit.open && phrase[phrase.length - 1].length >= shortest);
      const having = found.filter(Boolean).length;
      const rarity = Math.max(1e-6, Math.log((documents.length - having + 0.5) / (having + 0.5)));
      found.forEach((f, n) => {
        if (f) total[n] += (rarity * f * 2.2) / (f + 1.2 * (0.25 + (0.75 * documents[n].size) / usual));
      });
    }
    return total;
  };

  /** @param {Unit[]} parts @param {number} shortest for the last part */
  const all = (parts, shortest) => {
    const found = parts.map((unit, n) => scores(unit, n === parts.length - 1 ? shortest : rules.prefix));
    return papers.flatMap((paper, n) => found.every((one) => one[n])
      ? [{ paper, score: found.reduce((sum, one) => sum + one[n], 0) }] : []);
  };

  /**
   * Papers that have all words of a question, the best first; null where it has no word. Where nothing has a short last
   * word, it is taken for the beginning of one that is still being typed.
   * @param {string} query @returns {Paper[] | null}
   */
  const search = (query) => {
    if (!query.trim()) return newestFirst(papers);
    const parts = units(query);
    if (!parts.length) return null;
    const whole = all(parts, rules.prefix);
    const found = whole.length ? whole : all(parts, 1);
    const order = new Map(newestFirst(papers).map((paper, n) => [paper, n]));
    const place = (/** @type {Paper} */ paper) => order.get(paper) ?? 0;
    const round = (/** @type {number} */ score) => Math.round(score * 1e6);
    found.sort((a, b) => round(b.score) - round(a.score) || place(a.paper) - place(b.paper));
    return found.map((one) => one.paper);
  };

  /** How many papers have each part of a question. @param {string} query */
  const explain = (query) => units(query).map((unit) => `${unit.said}: ${scores(unit, rules.prefix).filter(Boolean).length}`);
  return { search, explain, tokens, joined };
}

/** @param {Paper[]} papers @returns {Paper[]} */
function newestFirst(papers) {
  return [...papers].sort((a, b) => (a.month === b.month ? (a.key < b.key ? -1 : 1) : a.month < b.month ? 1 : -1));
}
