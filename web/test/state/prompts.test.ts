import { expect, test } from "vitest";
import type { Edit } from "../../src/api/messages";
import { Grid } from "../../src/state/geometry";
import {
  foreseen,
  foreseenObjects,
  here,
  isEmpty,
  marksOf,
  NOTHING,
  withBox,
  withPoint,
  withScribble,
} from "../../src/state/prompts";
import { detailOf, objectOf } from "../fake/make";

const { shape, affine } = detailOf();
const grid = new Grid(shape, affine);

test("prompts are added and nothing is changed in place", () => {
  const one = withPoint(NOTHING, [1, 1, 10], true);
  const two = withScribble(withBox(one, [0, 0, 10], [2, 2, 10]), [[1, 1, 10]], false);
  expect(isEmpty(NOTHING)).toBe(true);
  expect(isEmpty(one)).toBe(false);
  expect(two.points).toEqual([{ at: [1, 1, 10], positive: true }]);
  expect(two.scribbles).toEqual([{ path: [[1, 1, 10]], positive: false }]);
  expect(two.box).toEqual({ a: [0, 0, 10], b: [2, 2, 10] });
});

test("a question that waits stands for what was asked on its slice", () => {
  const asked = [
    { object: 1, plane: "axial" as const, index: 0, prompts: withPoint(NOTHING, [1, 1, 10], true) },
    { object: 1, plane: "axial" as const, index: 1, prompts: withPoint(NOTHING, [1, 1, 15], true) },
  ];
  const prompts = withPoint(NOTHING, [-1, -1, 15.4], false);
  const now = foreseen(asked, [{ kind: "ask", object: 1, plane: "axial", prompts }], grid);
  expect(here(now, { object: 1, plane: "axial", index: 1 })).toBe(prompts);
  expect(now).toHaveLength(2);
});

test("clearing and removing take prompts along", () => {
  const asked = [0, 1].map((index) => ({
    object: 1,
    plane: "axial" as const,
    index,
    prompts: withPoint(NOTHING, [1, 1, 10 + 5 * index], true),
  }));
  const slice: Edit = { kind: "clear", object: 1, plane: "axial", at: [0, 0, 15] };
  expect(foreseen(asked, [slice], grid).map((one) => one.index)).toEqual([0]);
  expect(foreseen(asked, [{ kind: "clear", object: 1 }], grid)).toEqual([]);
  expect(foreseen(asked, [{ kind: "remove-object", object: 1 }], grid)).toEqual([]);
  expect(foreseen(asked, [{ kind: "remove-object", object: 2 }], grid)).toHaveLength(2);
});

test("objects that are being added are there at once, in the order of their numbers", () => {
  const now = foreseenObjects(
    [objectOf(2)],
    [
      { kind: "add-object", label: "spleen", object: 1 },
      { kind: "relabel", object: 2, label: "lung" },
    ],
    () => "#00ff00",
  );
  expect(now.map((one) => [one.object, one.label])).toEqual([
    [1, "spleen"],
    [2, "lung"],
  ]);
  expect(foreseenObjects(now, [{ kind: "remove-object", object: 1 }], () => "").map((one) => one.object)).toEqual([2]);
});

test("each prompt is a mark", () => {
  const prompts = { ...withBox(withPoint(NOTHING, [1, 1, 10], false), [0, 0, 10], [2, 2, 10]), lasso: [[0, 0, 10]] };
  const marks = marksOf([{ object: 1, plane: "axial", index: 0, prompts: prompts as typeof NOTHING }]);
  expect(marks.map((one) => one.kind)).toEqual(["point", "box", "line"]);
});
