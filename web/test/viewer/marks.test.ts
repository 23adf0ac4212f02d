import { describe, expect, it } from "vitest";

import { toMm, type Triple } from "../../src/viewer/grid";
import { isOn } from "../../src/viewer/marks";
import { roundLength } from "../../src/viewer/overlay";
import type { Mark } from "../../src/viewer/types";
import { oblique } from "./grids";

const grid = oblique();
const at = (...voxel: Triple) => toMm(grid, voxel);

describe("isOn", () => {
  it("holds a point to its slice, within half of its thickness", () => {
    const mark = { kind: "point", at: at(20, 30, 5.4), positive: true } as const;
    expect(isOn(grid, mark, "axial", 5)).toBe(true);
    expect(isOn(grid, mark, "axial", 6)).toBe(false);
    expect(isOn(grid, mark, "coronal", 30)).toBe(true);
    expect(isOn(grid, mark, "coronal", 29)).toBe(false);
    expect(isOn(grid, mark, "sagittal", 20)).toBe(true);
  });

  it("keeps a mark of one plane out of the others", () => {
    const mark = { kind: "point", at: at(20, 30, 5), positive: true, plane: "axial" } as const;
    expect(isOn(grid, mark, "axial", 5)).toBe(true);
    expect(isOn(grid, mark, "coronal", 30)).toBe(false);
  });

  it("needs both corners of a box and every place of a line", () => {
    const box = { kind: "box", a: at(2, 3, 5), b: at(9, 9, 5), plane: "axial" } as const;
    expect(isOn(grid, box, "axial", 5)).toBe(true);
    const line = { kind: "line", path: [at(2, 3, 5), at(4, 5, 6)], plane: "axial" } satisfies Mark;
    expect(isOn(grid, line, "axial", 5)).toBe(false);
    expect(isOn(grid, { ...line, path: [] }, "axial", 5)).toBe(false);
  });
});

describe("roundLength", () => {
  it.each([
    [1, 1],
    [1.99, 1],
    [2, 2],
    [7, 5],
    [10, 10],
    [49, 20],
    [0.3, 0.2],
  ])("of %d is %d", (given, expected) => {
    expect(roundLength(given)).toBeCloseTo(expected, 9);
  });
});
