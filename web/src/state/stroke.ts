// What a brush stroke changes, so that it is seen at once. The server's patch takes its place.
import type { LabelPatch, Mm, Plane } from "../viewer/types";
import { NORMAL, WITHIN, type Grid, type Voxel } from "./geometry";

type Axes = [0 | 1 | 2, 0 | 1 | 2];

export interface Stroke {
  object: number;
  plane: Plane;
  path: Mm[];
  radius: number;
  erase: boolean;
  over: "empty" | "all";
}

/**
 * Draw a stroke into a label array: voxels whose centre is within the radius of the path, or that it passes through.
 * Returns the part that it may have changed; null where it lies outside.
 */
export function drawStroke(labels: Uint8Array, grid: Grid, stroke: Stroke): LabelPatch | null {
  const path = stroke.path.map((mm) => grid.toGrid(mm));
  for (let step = 0; step < Math.max(path.length - 1, 1); step++) {
    drawSegment(labels, grid, stroke, path.slice(step, step + 2));
  }
  const box = reach(path, grid, stroke);
  return box && cut(labels, grid, box.low, box.shape);
}

function drawSegment(labels: Uint8Array, grid: Grid, stroke: Stroke, path: Voxel[]): void {
  const box = reach(path, grid, stroke);
  if (!box) return;
  const axes = WITHIN[stroke.plane];
  const [u, v] = axes;
  const at: Voxel = [...box.low];
  for (at[v] = box.low[v]; at[v] < box.low[v] + box.shape[v]; at[v]++) {
    for (at[u] = box.low[u]; at[u] < box.low[u] + box.shape[u]; at[u]++) {
      if (distance(at, path, axes, grid) > stroke.radius && !passes(at, path, axes)) continue;
      const offset = grid.offset(at);
      labels[offset] = changed(labels[offset]!, stroke);
    }
  }
}

/** A copy of a part of the label array. */
export function cut(labels: Uint8Array, grid: Grid, low: Voxel, shape: Voxel): LabelPatch {
  const values = new Uint8Array(shape[0] * shape[1] * shape[2]);
  each(grid, { low, shape, values }, (from, to, length) => values.set(labels.subarray(from, from + length), to));
  return { low, shape, values };
}

/** Write a patch into the label array. */
export function write(labels: Uint8Array, grid: Grid, patch: LabelPatch): void {
  each(grid, patch, (to, from, length) => labels.set(patch.values.subarray(from, from + length), to));
}

function each(grid: Grid, patch: LabelPatch, row: (array: number, patch: number, length: number) => void): void {
  const [width, height, depth] = patch.shape;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      row(grid.offset([patch.low[0], patch.low[1] + y, patch.low[2] + z]), width * (y + height * z), width);
    }
  }
}

function changed(value: number, stroke: Stroke): number {
  if (stroke.erase) return value === stroke.object ? 0 : value;
  return value === 0 || stroke.over === "all" ? stroke.object : value;
}

function reach(path: Voxel[], grid: Grid, stroke: Stroke): { low: Voxel; shape: Voxel } | null {
  const normal = NORMAL[stroke.plane];
  const low: Voxel = [0, 0, 0];
  const high: Voxel = [0, 0, 0];
  for (const axis of [0, 1, 2] as const) {
    const margin = axis === normal ? 0 : Math.ceil(stroke.radius / grid.spacing[axis]) + 1;
    const along = path.map((at) => Math.round(at[axis]));
    const first = axis === normal ? along[0]! : Math.min(...along);
    const last = axis === normal ? along[0]! : Math.max(...along);
    low[axis] = Math.max(first - margin, 0);
    high[axis] = Math.min(last + margin, grid.shape[axis] - 1);
    if (high[axis] < low[axis]) return null;
  }
  return { low, shape: [0, 1, 2].map((axis) => high[axis]! - low[axis]! + 1) as Voxel };
}

function passes(at: Voxel, path: Voxel[], [u, v]: Axes): boolean {
  return path.some((point) => Math.round(point[u]) === at[u] && Math.round(point[v]) === at[v]);
}

function distance(at: Voxel, path: Voxel[], [u, v]: Axes, grid: Grid): number {
  const [width, height] = [grid.spacing[u], grid.spacing[v]];
  const flat = (point: Voxel) => [(point[u] - at[u]) * width, (point[v] - at[v]) * height] as const;
  let nearest = Math.hypot(...flat(path[0]!));
  for (let step = 1; step < path.length; step++) {
    nearest = Math.min(nearest, toSegment(flat(path[step - 1]!), flat(path[step]!)));
  }
  return nearest;
}

/** The distance of the origin to a line from a to b. */
function toSegment(a: readonly [number, number], b: readonly [number, number]): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const part = length === 0 ? 0 : Math.min(Math.max(-(a[0] * dx + a[1] * dy) / length, 0), 1);
  return Math.hypot(a[0] + part * dx, a[1] + part * dy);
}
