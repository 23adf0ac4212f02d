import { expect, test } from "vitest";
import { fileVoxel, Grid } from "../../src/state/geometry";

const turn = Math.SQRT1_2;
// Turned by 45 degrees about the z axis, 1 x 2 x 3 mm.
const oblique = new Grid(
  [10, 20, 30],
  [
    [turn, -2 * turn, 0, 5],
    [turn, 2 * turn, 0, -7],
    [0, 0, 3, 11],
    [0, 0, 0, 1],
  ],
);

test("spacing is the length of the columns", () => {
  expect(oblique.spacing.map((size) => Math.round(size * 1e9) / 1e9)).toEqual([1, 2, 3]);
});

test("voxel to mm and back", () => {
  for (const voxel of [
    [0, 0, 0],
    [9, 19, 29],
    [3, 1, 17],
  ] as const) {
    expect(oblique.toVoxel(oblique.toMm([...voxel]))).toEqual(voxel);
  }
  expect(oblique.toMm([0, 0, 2])).toEqual([5, -7, 17]);
});

test("slices are counted along the axis of their plane", () => {
  const at = oblique.toMm([3, 4, 5]);
  expect(oblique.slice("sagittal", at)).toBe(3);
  expect(oblique.slice("coronal", at)).toBe(4);
  expect(oblique.slice("axial", at)).toBe(5);
});

test("moves end at the edge", () => {
  const at = oblique.toMm([9, 0, 29]);
  expect(oblique.toVoxel(oblique.moved(at, [1, -1, 1]))).toEqual([9, 0, 29]);
  expect(oblique.toVoxel(oblique.moved(at, [-1, 1, -1]))).toEqual([8, 1, 28]);
});

test("voxels are told as the file counts them", () => {
  expect(fileVoxel([3, 4, 5], [10, 20, 30], "RAS")).toEqual([3, 4, 5]);
  expect(fileVoxel([3, 4, 5], [10, 20, 30], "LPS")).toEqual([6, 15, 5]);
  expect(fileVoxel([3, 4, 5], [10, 20, 30], "PIL")).toEqual([15, 24, 6]);
});

test("offsets count the first axis fastest", () => {
  expect(oblique.offset([1, 2, 3])).toBe(1 + 10 * (2 + 20 * 3));
  expect(oblique.contains([9, 19, 29])).toBe(true);
  expect(oblique.contains([10, 0, 0])).toBe(false);
});
