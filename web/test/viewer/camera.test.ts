import { describe, expect, it } from "vitest";

import {
  MOST_ZOOM,
  arrange,
  covered,
  fitted,
  fromScreen,
  panned,
  reveal,
  tileAt,
  toScreen,
  zoomed,
} from "../../src/viewer/camera";
import type { Triple } from "../../src/viewer/grid";
import { oblique } from "./grids";
import { seeded } from "./random";

const grid = oblique();

describe("arrange", () => {
  it.each([
    [1200, 700],
    [500, 900],
  ])("fills %i x %i with three tiles that do not overlap", (width, height) => {
    const tiles = arrange("three", "coronal", width, height);
    expect(tiles.map((t) => t.plane)).toEqual(["coronal", "axial", "sagittal"]);
    let area = 0;
    for (const tile of tiles) {
      expect(tile.left + tile.width).toBeLessThanOrEqual(width);
      expect(tile.top + tile.height).toBeLessThanOrEqual(height);
      area += tile.width * tile.height;
      const middle = tileAt(tiles, tile.left + tile.width / 2, tile.top + tile.height / 2);
      expect(middle).toBe(tile);
    }
    expect(area).toBeGreaterThan(0.99 * width * height);
  });

  it("gives one plane everything", () => {
    expect(arrange("sagittal", "axial", 300, 200)).toEqual([
      { plane: "sagittal", left: 0, top: 0, width: 300, height: 200 },
    ]);
  });
});

describe("screen and voxels", () => {
  const tiles = arrange("three", "axial", 1000, 700);

  it("are inverses of each other in every plane", () => {
    const random = seeded(2);
    let camera = fitted(grid);
    for (let i = 0; i < 60; i++) {
      const voxel: Triple = [random() * 60, random() * 50, random() * 12];
      for (const tile of tiles) {
        const depth = { axial: voxel[2], coronal: voxel[1], sagittal: voxel[0] }[tile.plane];
        const back = fromScreen(grid, tile, camera, ...toScreen(grid, tile, camera, voxel), depth);
        for (const axis of [0, 1, 2]) expect(back[axis]).toBeCloseTo(voxel[axis]!, 9);
      }
      camera = zoomed(grid, camera, 0.5 + random(), voxel);
    }
  });

  it("show the patient's right at the left, and front and head at the top", () => {
    const camera = fitted(grid);
    const [axial, coronal, sagittal] = tiles as [(typeof tiles)[0], (typeof tiles)[0], (typeof tiles)[0]];
    const at = (tile: (typeof tiles)[0], voxel: Triple) => toScreen(grid, tile, camera, voxel);
    expect(at(axial, [59, 0, 0])[0]).toBeLessThan(at(axial, [0, 0, 0])[0]);
    expect(at(axial, [0, 49, 0])[1]).toBeLessThan(at(axial, [0, 0, 0])[1]);
    expect(at(coronal, [59, 0, 0])[0]).toBeLessThan(at(coronal, [0, 0, 0])[0]);
    expect(at(coronal, [0, 0, 11])[1]).toBeLessThan(at(coronal, [0, 0, 0])[1]);
    expect(at(sagittal, [0, 49, 0])[0]).toBeLessThan(at(sagittal, [0, 0, 0])[0]);
    expect(at(sagittal, [0, 0, 11])[1]).toBeLessThan(at(sagittal, [0, 0, 0])[1]);
  });

  it("show the whole of every slice when fitted", () => {
    for (const tile of tiles) {
      for (const voxel of [
        [-0.5, -0.5, -0.5],
        [59.5, 49.5, 11.5],
      ] as Triple[]) {
        const [x, y] = toScreen(grid, tile, fitted(grid), voxel);
        expect(x).toBeGreaterThanOrEqual(tile.left);
        expect(x).toBeLessThanOrEqual(tile.left + tile.width);
        expect(y).toBeGreaterThanOrEqual(tile.top);
        expect(y).toBeLessThanOrEqual(tile.top + tile.height);
      }
    }
  });

  it("know how many voxels a pixel covers", () => {
    const [axial] = tiles;
    const [a, b] = (
      [
        [0, 0, 0],
        [1, 1, 0],
      ] as Triple[]
    ).map((v) => toScreen(grid, axial!, fitted(grid), v));
    const [x, y] = covered(grid, axial!, fitted(grid), 2);
    expect(1 / x).toBeCloseTo(2 * Math.abs(b![0] - a![0]), 9);
    expect(1 / y).toBeCloseTo(2 * Math.abs(b![1] - a![1]), 9);
  });

  it("keep their aspect: 4 mm slices are 4 / 0.8 times as high as pixels are wide", () => {
    const coronal = tiles[1]!;
    const [a, b, c] = (
      [
        [0, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
      ] as Triple[]
    ).map((v) => toScreen(grid, coronal, fitted(grid), v));
    expect(Math.abs(c![1] - a![1]) / Math.abs(b![0] - a![0])).toBeCloseTo(5, 9);
  });
});

describe("zoom and pan", () => {
  const tiles = arrange("three", "axial", 1000, 700);

  it("zooms about a place that stays where it is in all planes", () => {
    const about: Triple = [20, 30, 4];
    const before = fitted(grid);
    const after = zoomed(grid, before, 3, about);
    expect(after.zoom).toBe(3);
    for (const tile of tiles) {
      const [x, y] = toScreen(grid, tile, before, about);
      const [u, v] = toScreen(grid, tile, after, about);
      expect(u).toBeCloseTo(x, 9);
      expect(v).toBeCloseTo(y, 9);
    }
  });

  it("stops at its limits without a drift", () => {
    const most = zoomed(grid, fitted(grid), 1e9, [20, 30, 4]);
    expect(most.zoom).toBe(MOST_ZOOM);
    expect(zoomed(grid, most, 2, [1, 1, 1])).toEqual(most);
  });

  it("moves what is shown by exactly the pixels of the hand", () => {
    const camera = zoomed(grid, fitted(grid), 2, [30, 25, 6]);
    for (const tile of tiles) {
      const [x, y] = toScreen(grid, tile, camera, [30, 25, 6]);
      const [u, v] = toScreen(grid, tile, panned(grid, camera, tile, 13, -7), [30, 25, 6]);
      expect(u - x).toBeCloseTo(13, 9);
      expect(v - y).toBeCloseTo(-7, 9);
    }
  });

  it("reveals what is out of view and leaves the rest alone", () => {
    const camera = zoomed(grid, fitted(grid), 8, [30, 25, 6]);
    expect(reveal(grid, camera, tiles, [30, 25, 6])).toEqual(camera);
    const moved = reveal(grid, camera, tiles, [2, 25, 6]);
    for (const tile of tiles.filter((t) => t.plane !== "sagittal")) {
      const [x] = toScreen(grid, tile, moved, [2, 25, 6]);
      expect(x).toBeGreaterThanOrEqual(tile.left);
      expect(x).toBeLessThanOrEqual(tile.left + tile.width);
    }
  });
});
