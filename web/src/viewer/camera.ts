// Tiles on the screen, and the way between their pixels and voxels. All planes share one centre and one zoom, so that they
// show the same part of the patient. Lengths are CSS pixels.

import { AXES, PLANES, clamp, type Grid, type Triple } from "./grid";
import type { Layout, Plane } from "./types";

export interface Tile {
  plane: Plane;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Camera {
  centre: Triple; // voxel position in the middle of every tile
  zoom: number; // 1: the whole slice fits
}

export const GAP = 2;
const MARGIN = 10;
export const LEAST_ZOOM = 0.5;
export const MOST_ZOOM = 64;

// One tile, or the plane of the work large and the two others beside it or below it.
export function arrange(layout: Layout, main: Plane, width: number, height: number): Tile[] {
  if (layout !== "three") return [{ plane: layout, left: 0, top: 0, width, height }];
  const [second, third] = PLANES.filter((plane) => plane !== main) as [Plane, Plane];
  if (width >= height) {
    const wide = Math.round((width - GAP) * 0.64);
    const [left, rest] = [wide + GAP, width - wide - GAP];
    const half = Math.round((height - GAP) / 2);
    return [
      { plane: main, left: 0, top: 0, width: wide, height },
      { plane: second, left, top: 0, width: rest, height: half },
      { plane: third, left, top: half + GAP, width: rest, height: height - half - GAP },
    ];
  }
  const tall = Math.round((height - GAP) * 0.64);
  const [top, rest] = [tall + GAP, height - tall - GAP];
  const half = Math.round((width - GAP) / 2);
  return [
    { plane: main, left: 0, top: 0, width, height: tall },
    { plane: second, left: 0, top, width: half, height: rest },
    { plane: third, left: half + GAP, top, width: width - half - GAP, height: rest },
  ];
}

export function tileAt(tiles: readonly Tile[], x: number, y: number): Tile | null {
  return tiles.find((t) => x >= t.left && x < t.left + t.width && y >= t.top && y < t.top + t.height) ?? null;
}

// CSS pixels for one mm.
export function scaleOf(grid: Grid, tile: Tile, zoom: number): number {
  const { across, down } = AXES[tile.plane];
  const x = Math.max(tile.width - 2 * MARGIN, 1) / (grid.shape[across] * grid.spacing[across]);
  const y = Math.max(tile.height - 2 * MARGIN, 1) / (grid.shape[down] * grid.spacing[down]);
  return Math.min(x, y) * zoom;
}

// Voxels under a device pixel, across and down: more than 1 where the image is shown smaller than it is.
export function covered(grid: Grid, tile: Tile, camera: Camera, ratio: number): [number, number] {
  const { across, down } = AXES[tile.plane];
  const scale = scaleOf(grid, tile, camera.zoom) * ratio;
  return [1 / (scale * grid.spacing[across]), 1 / (scale * grid.spacing[down])];
}

export function toScreen(grid: Grid, tile: Tile, camera: Camera, voxel: Triple): [number, number] {
  const { across, down } = AXES[tile.plane];
  const scale = scaleOf(grid, tile, camera.zoom);
  const x = (voxel[across] - camera.centre[across]) * grid.spacing[across] * scale;
  const y = (voxel[down] - camera.centre[down]) * grid.spacing[down] * scale;
  return [tile.left + tile.width / 2 - x, tile.top + tile.height / 2 - y];
}

// `depth` is the voxel position along the plane's third axis.
export function fromScreen(grid: Grid, tile: Tile, camera: Camera, x: number, y: number, depth: number): Triple {
  const { across, down, through } = AXES[tile.plane];
  const scale = scaleOf(grid, tile, camera.zoom);
  const voxel: Triple = [0, 0, 0];
  voxel[across] = camera.centre[across] - (x - tile.left - tile.width / 2) / (scale * grid.spacing[across]);
  voxel[down] = camera.centre[down] - (y - tile.top - tile.height / 2) / (scale * grid.spacing[down]);
  voxel[through] = depth;
  return voxel;
}

export function fitted(grid: Grid): Camera {
  return { centre: grid.shape.map((n) => (n - 1) / 2) as Triple, zoom: 1 };
}

// What lies at `about` stays where it is on the screen, in all planes.
export function zoomed(grid: Grid, camera: Camera, factor: number, about: Triple): Camera {
  const zoom = clamp(camera.zoom * factor, LEAST_ZOOM, MOST_ZOOM);
  const shrink = camera.zoom / zoom;
  const centre = camera.centre.map((c, i) => about[i]! + (c - about[i]!) * shrink) as Triple;
  return bounded(grid, { centre, zoom });
}

export function panned(grid: Grid, camera: Camera, tile: Tile, dx: number, dy: number): Camera {
  const { across, down } = AXES[tile.plane];
  const scale = scaleOf(grid, tile, camera.zoom);
  const centre: Triple = [...camera.centre];
  centre[across] += dx / (scale * grid.spacing[across]);
  centre[down] += dy / (scale * grid.spacing[down]);
  return bounded(grid, { centre, zoom: camera.zoom });
}

// The least move that brings a voxel position back into every tile; none where it is in view.
export function reveal(grid: Grid, camera: Camera, tiles: readonly Tile[], voxel: Triple): Camera {
  const centre: Triple = [...camera.centre];
  for (const tile of tiles) {
    const [x, y] = toScreen(grid, tile, camera, voxel);
    const { across, down } = AXES[tile.plane];
    if (x < tile.left || x > tile.left + tile.width) centre[across] = voxel[across];
    if (y < tile.top || y > tile.top + tile.height) centre[down] = voxel[down];
  }
  return bounded(grid, { centre, zoom: camera.zoom });
}

// Some of the image stays in the tiles.
function bounded(grid: Grid, camera: Camera): Camera {
  const centre = camera.centre.map((c, i) => clamp(c, -0.5, grid.shape[i]! - 0.5)) as Triple;
  return { centre, zoom: camera.zoom };
}
