import { expect, test } from "vitest";
import { Grid } from "../../src/state/geometry";
import { cut, drawStroke, write, type Stroke } from "../../src/state/stroke";

const SHAPE: [number, number, number] = [9, 7, 3];
const grid = new Grid(SHAPE, [
  [1, 0, 0, 0],
  [0, 2, 0, 0],
  [0, 0, 3, 0],
  [0, 0, 0, 1],
]);

function empty(): Uint8Array {
  return new Uint8Array(9 * 7 * 3);
}

function stroke(change: Partial<Stroke> = {}): Stroke {
  return { object: 2, plane: "axial", path: [[4, 6, 3]], radius: 2, erase: false, over: "empty", ...change };
}

function drawn(labels: Uint8Array): string[] {
  const found: string[] = [];
  labels.forEach((value, offset) => {
    if (value) found.push(`${offset % 9},${Math.floor(offset / 9) % 7},${Math.floor(offset / 63)}`);
  });
  return found;
}

test("a dab is a disc in millimetres on its own slice", () => {
  const labels = empty();
  drawStroke(labels, grid, stroke());
  expect(drawn(labels).toSorted()).toEqual(["2,3,1", "3,3,1", "4,3,1", "5,3,1", "6,3,1", "4,2,1", "4,4,1"].toSorted());
});

test("a radius below a voxel still marks the voxel under the pointer", () => {
  const labels = empty();
  drawStroke(labels, grid, stroke({ path: [[4.4, 6.9, 3]], radius: 0.1 }));
  expect(drawn(labels)).toEqual(["4,3,1"]);
});

test("a line is the same in one piece and piece by piece", () => {
  const path: [number, number, number][] = [
    [1, 2, 3],
    [4, 8, 3],
    [7, 4, 3],
  ];
  const [whole, pieces] = [empty(), empty()];
  drawStroke(whole, grid, stroke({ path }));
  drawStroke(pieces, grid, stroke({ path: path.slice(0, 2) }));
  drawStroke(pieces, grid, stroke({ path: path.slice(1) }));
  expect(pieces).toEqual(whole);
  expect(drawn(whole).length).toBeGreaterThan(10);
});

test("other objects are left alone unless they are drawn over", () => {
  const labels = empty().fill(1);
  drawStroke(labels, grid, stroke());
  expect(labels.every((value) => value === 1)).toBe(true);
  drawStroke(labels, grid, stroke({ over: "all" }));
  expect(labels.filter((value) => value === 2).length).toBe(7);
});

test("the eraser takes its own object only", () => {
  const labels = empty().fill(2);
  labels[grid.offset([4, 3, 1])] = 1;
  drawStroke(labels, grid, stroke({ erase: true }));
  expect(labels[grid.offset([4, 3, 1])]).toBe(1);
  expect(labels.filter((value) => value === 0).length).toBe(6);
});

test("in another plane the disc lies in that plane, and ends at the edge", () => {
  const labels = empty();
  const patch = drawStroke(labels, grid, stroke({ plane: "sagittal", path: [[0, 0, 0]], radius: 3 }));
  expect(drawn(labels)).toEqual(["0,0,0", "0,1,0", "0,0,1"]);
  expect(patch!.low).toEqual([0, 0, 0]);
  expect(patch!.shape[0]).toBe(1);
});

test("outside the image nothing happens", () => {
  const labels = empty();
  expect(drawStroke(labels, grid, stroke({ path: [[4, 6, 90]] }))).toBeNull();
  expect(drawn(labels)).toEqual([]);
});

test("what is cut out and written back is the same", () => {
  const labels = Uint8Array.from({ length: 189 }, (_, at) => at % 251);
  const patch = cut(labels, grid, [2, 1, 0], [3, 4, 2]);
  const other = empty();
  write(other, grid, patch);
  expect(cut(other, grid, [2, 1, 0], [3, 4, 2]).values).toEqual(patch.values);
  expect(other[grid.offset([4, 4, 1])]).toBe(labels[grid.offset([4, 4, 1])]);
  expect(other[grid.offset([5, 4, 1])]).toBe(0);
});
