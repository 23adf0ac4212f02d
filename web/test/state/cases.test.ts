import { expect, test } from "vitest";
import { beyond, Cases, chosen, waiting } from "../../src/state/cases";
import { summaryOf } from "../fake/make";

const ALL = [
  summaryOf({ case: "a", name: "scan 10", status: "accepted", uncertainty: 0.2 }),
  summaryOf({ case: "b", name: "scan 2", status: "open", uncertainty: 0.9, note: "large cyst" }),
  summaryOf({ case: "c", name: "Scan 3", status: "work" }),
  summaryOf({ case: "d", name: "broken", problem: "It cannot be read." }),
];
const ids = (list: { case: string }[]) => list.map((one) => one.case).join("");

test("names are ordered with their numbers, or the least certain first", () => {
  expect(ids(chosen(ALL, { text: "", status: null, order: "name" }))).toBe("dbca");
  expect(ids(chosen(ALL, { text: "", status: null, order: "uncertainty" }))).toBe("badc");
});

test("all words must be found, in name or note", () => {
  expect(ids(chosen(ALL, { text: "SCAN 2", status: null, order: "name" }))).toBe("b");
  expect(ids(chosen(ALL, { text: "cyst scan", status: null, order: "name" }))).toBe("b");
  expect(ids(chosen(ALL, { text: "scan", status: "accepted", order: "name" }))).toBe("a");
});

test("next and previous pass over what cannot be read", () => {
  const list = chosen(ALL, { text: "", status: null, order: "name" });
  expect(ids(list)).toBe("dbca");
  expect(ids(beyond(list, "b", 1))).toBe("ca");
  expect(ids(beyond(list, "a", -1))).toBe("cb");
  expect(ids(beyond(list, "b", -1))).toBe("");
  expect(ids(beyond(list, "d", 1))).toBe("bca");
  expect(ids(beyond(list, null, 1))).toBe("bca");
});

test("the next case that waits comes round to the beginning", () => {
  expect(ids(waiting(ALL, "a"))).toBe("bc");
  expect(ids(waiting(ALL, "c"))).toBe("b");
  expect(ids(waiting(ALL.slice(0, 1), "a"))).toBe("");
});

test("counts follow updates", () => {
  const cases = new Cases();
  cases.all.value = ALL;
  cases.update("b", { status: "accepted" });
  expect(cases.counts.value).toEqual({ open: 0, work: 1, accepted: 2, skipped: 0, problem: 1 });
});

test("what cannot be opened has no status that counts, and is found by that", () => {
  expect(ids(chosen(ALL, { text: "", status: "open", order: "name" }))).toBe("b");
  expect(ids(chosen(ALL, { text: "", status: "problem", order: "name" }))).toBe("d");
});
