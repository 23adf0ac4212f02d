import { describe, expect, it } from "vitest";

import { confine, contains, letters, makeGrid, onlyPlane, sliceOf, toMm, toVoxel } from "../../src/viewer/grid";
import { oblique, straight } from "./grids";
import { seeded } from "./random";

describe("grid", () => {
  it("gives back every voxel position through mm", () => {
    const grid = oblique();
    const random = seeded(1);
    for (let i = 0; i < 200; i++) {
      const voxel: [number, number, number] = [random() * 60, random() * 50, random() * 12];
      const back = toVoxel(grid, toMm(grid, voxel));
      for (const axis of [0, 1, 2]) expect(back[axis]).toBeCloseTo(voxel[axis]!, 9);
    }
  });

  it("puts the first voxel where the affine says", () => {
    expect(toMm(oblique(), [0, 0, 0])).toEqual([-90, -110, 37]);
  });

  it("refuses a singular affine", () => {
    const affine = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 1],
    ];
    expect(() => makeGrid({ shape: [2, 2, 2], spacing: [1, 1, 1], affine, unit: "mm" })).toThrow("singular");
  });

  it("counts a voxel up to its faces", () => {
    const grid = straight([4, 5, 6]);
    expect(contains(grid, [-0.5, 0, 0])).toBe(true);
    expect(contains(grid, [3.49, 4.49, 5.49])).toBe(true);
    expect(contains(grid, [3.5, 0, 0])).toBe(false);
    expect(contains(grid, [0, -0.51, 0])).toBe(false);
    expect(contains(grid, confine(grid, [99, -99, 2]))).toBe(true);
    expect(confine(grid, [1.25, 2.5, 3]).map(Number)).toEqual([1.25, 2.5, 3]);
  });

  it("finds the slice of a position", () => {
    const grid = oblique();
    expect(sliceOf(grid, "axial", [3, 4, 5.4])).toBe(5);
    expect(sliceOf(grid, "coronal", [3, 4.6, 5])).toBe(5);
    expect(sliceOf(grid, "sagittal", [-7, 4, 5])).toBe(0);
    expect(sliceOf(grid, "axial", [0, 0, 99])).toBe(11);
  });
});

describe("letters", () => {
  it("are those of a radiologist's display", () => {
    const grid = oblique();
    expect(letters(grid, "axial")).toEqual({ left: "R", right: "L", top: "A", bottom: "P" });
    expect(letters(grid, "coronal")).toEqual({ left: "R", right: "L", top: "S", bottom: "I" });
    expect(letters(grid, "sagittal")).toEqual({ left: "A", right: "P", top: "S", bottom: "I" });
  });

  it("follow the affine and not the rule", () => {
    const affine = [
      [-1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ];
    const grid = makeGrid({ shape: [2, 2, 2], spacing: [1, 1, 1], affine, unit: "mm" });
    expect(letters(grid, "axial")).toEqual({ left: "L", right: "R", top: "A", bottom: "P" });
  });

  it("are each used once where two axes are nearest to the same direction", () => {
    // Voxel axes turned by 44 degrees about two directions: the third axis has no direction of its own otherwise.
    const [c, s] = [Math.cos(0.77), Math.sin(0.77)];
    const affine = [
      [c, -s * c, s * s, 0],
      [s, c * c, -c * s, 0],
      [0, s, c, 0],
      [0, 0, 0, 1],
    ];
    const grid = makeGrid({ shape: [2, 2, 2], spacing: [1, 1, 1], affine, unit: "mm" });
    const used = [letters(grid, "axial")!, letters(grid, "coronal")!].flatMap((l) => [
      l.left,
      l.right,
      l.top,
      l.bottom,
    ]);
    expect(new Set(used)).toEqual(new Set(["R", "L", "A", "P", "S", "I"]));
  });

  it("are not on pictures", () => {
    expect(letters(straight([9, 9, 1], "px"), "axial")).toBeNull();
  });
});

describe("onlyPlane", () => {
  it("is the plane that a flat image fills", () => {
    expect(onlyPlane(straight([9, 9, 1]), "axial")).toBe("axial");
    expect(onlyPlane(straight([9, 1, 9]), "axial")).toBe("coronal");
    expect(onlyPlane(straight([9, 9, 9]), "axial")).toBeNull();
    expect(onlyPlane(straight([1, 1, 9]), "coronal")).toBe("coronal");
  });
});
