// Where voxels lie, and how each plane looks at them. The shown grid runs right, front and up as nearly as it can, so that
// every plane is shown with one rule: two voxel axes, both against the direction of the screen. This is the radiologist's
// way: patient's right at the left, front or head at the top, nose to the left.

import type { Mm, Picture, Plane } from "./types";

export type Triple = [number, number, number];
export type Axis = 0 | 1 | 2;

export interface Grid {
  shape: Triple;
  spacing: Triple;
  affine: number[][]; // 4 x 4, voxel centre -> mm
  inverse: number[][]; // 3 x 4, mm -> voxel
  unit: "mm" | "px";
}

// Voxel axes of a plane: `across` runs from right to left on the screen, `down` from bottom to top.
export interface PlaneAxes {
  across: Axis;
  down: Axis;
  through: Axis;
}

export const PLANES: readonly Plane[] = ["axial", "coronal", "sagittal"];

export const AXES: Record<Plane, PlaneAxes> = {
  axial: { across: 0, down: 1, through: 2 },
  coronal: { across: 0, down: 2, through: 1 },
  sagittal: { across: 1, down: 2, through: 0 },
};

export function makeGrid(picture: Pick<Picture, "shape" | "spacing" | "affine" | "unit">): Grid {
  const { shape, spacing, affine, unit } = picture;
  return { shape, spacing, affine, inverse: invert(affine), unit };
}

export function toMm(grid: Grid, voxel: Triple): Mm {
  return apply(grid.affine, voxel);
}

export function toVoxel(grid: Grid, mm: Mm): Triple {
  return apply(grid.inverse, mm);
}

// The number of the slice on which a voxel position lies, or of the nearest one.
export function sliceOf(grid: Grid, plane: Plane, voxel: Triple): number {
  const axis = AXES[plane].through;
  return clamp(Math.round(voxel[axis]), 0, grid.shape[axis] - 1);
}

// Inside the outer faces of the outermost voxels.
export function contains(grid: Grid, voxel: Triple): boolean {
  return voxel.every((v, axis) => v >= -0.5 && v < grid.shape[axis]! - 0.5);
}

// The nearest position that is safely inside the outermost voxels, so that rounding cannot leave the grid.
export function confine(grid: Grid, voxel: Triple): Triple {
  return voxel.map((v, axis) => clamp(v, -0.499, grid.shape[axis]! - 0.501)) as Triple;
}

// An image of one slice has one plane only: the one that it fills.
export function onlyPlane(grid: Grid, preferred: Plane): Plane | null {
  const flat = PLANES.filter((plane) => grid.shape[AXES[plane].through] === 1);
  if (flat.length === 0) return null;
  return flat.includes(preferred) ? preferred : flat[0]!;
}

export interface Letters {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

// Which way the patient lies, read from the affine; pictures have no patient in them.
export function letters(grid: Grid, plane: Plane): Letters | null {
  if (grid.unit === "px") return null;
  const { across, down } = AXES[plane];
  const [right, left] = ends(grid, across);
  const [bottom, top] = ends(grid, down);
  return { left, right, top, bottom };
}

// Letters at the low and the high end of a voxel axis. Each world axis is used once, as in an oblique volume two voxel axes
// may be nearest to the same one.
function ends(grid: Grid, axis: Axis): [string, string] {
  const step = [0, 1, 2].map((row) => grid.affine[row]![axis]!);
  const world = worldAxes(grid)[axis];
  const [low, high] = ["LR", "PA", "IS"][world]!;
  return step[world]! >= 0 ? [low!, high!] : [high!, low!];
}

function worldAxes(grid: Grid): Triple {
  const pairs: { voxel: number; world: number; cosine: number }[] = [];
  for (const voxel of [0, 1, 2]) {
    for (const world of [0, 1, 2]) {
      const cosine = Math.abs(grid.affine[world]![voxel]!) / grid.spacing[voxel]!;
      pairs.push({ voxel, world, cosine });
    }
  }
  const found: Triple = [-1, -1, -1];
  for (const { voxel, world } of pairs.toSorted((a, b) => b.cosine - a.cosine)) {
    if (found[voxel] === -1 && !found.includes(world)) found[voxel] = world;
  }
  return found;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

function apply(matrix: number[][], p: Triple): Triple {
  return [0, 1, 2].map((row) => {
    const [a, b, c, d] = matrix[row]!;
    return a! * p[0] + b! * p[1] + c! * p[2] + d!;
  }) as Triple;
}

function invert(affine: number[][]): number[][] {
  const [[a, b, c, x], [d, e, f, y], [g, h, i, z]] = affine as [number[], number[], number[]];
  const [A, B, C] = [e! * i! - f! * h!, c! * h! - b! * i!, b! * f! - c! * e!];
  const [D, E, F] = [f! * g! - d! * i!, a! * i! - c! * g!, c! * d! - a! * f!];
  const [G, H, I] = [d! * h! - e! * g!, b! * g! - a! * h!, a! * e! - b! * d!];
  const det = a! * A + b! * D + c! * G;
  if (!Number.isFinite(det) || det === 0) throw new Error("The affine is singular, so that voxels have no place.");
  return [
    [A, B, C],
    [D, E, F],
    [G, H, I],
  ].map((row) => {
    const [p, q, r] = row.map((v) => v / det);
    return [p!, q!, r!, -(p! * x! + q! * y! + r! * z!)];
  });
}
