// Positions: RAS+ mm (px for pictures) and voxels of the shown grid, whose axes run right, front and up.
import type { Mm, Plane } from "../viewer/types";

export type Voxel = [number, number, number];

export const PLANES: readonly Plane[] = ["axial", "coronal", "sagittal"];

/** The axis of the shown grid along which the slices of a plane are counted. */
export const NORMAL: Record<Plane, 0 | 1 | 2> = { sagittal: 0, coronal: 1, axial: 2 };

/** The two axes that lie in the plane. */
export const WITHIN: Record<Plane, [0 | 1 | 2, 0 | 1 | 2]> = { sagittal: [1, 2], coronal: [0, 2], axial: [0, 1] };

type Matrix = readonly (readonly number[])[];

export class Grid {
  readonly spacing: Voxel;
  private readonly inverse: number[][];

  constructor(
    readonly shape: Voxel,
    readonly affine: Matrix,
  ) {
    this.spacing = [0, 1, 2].map((axis) =>
      Math.hypot(affine[0]![axis]!, affine[1]![axis]!, affine[2]![axis]!),
    ) as Voxel;
    this.inverse = inverted(affine);
  }

  /** A voxel's place; centres of voxels are whole numbers. */
  toMm(voxel: Voxel): Mm {
    return [0, 1, 2].map((row) => dot(this.affine[row]!, voxel) + this.affine[row]![3]!) as Mm;
  }

  /** Where a place lies on the grid, not rounded. */
  toGrid(mm: Mm): Voxel {
    const moved = [0, 1, 2].map((row) => mm[row]! - this.affine[row]![3]!) as Voxel;
    return [0, 1, 2].map((row) => dot(this.inverse[row]!, moved)) as Voxel;
  }

  toVoxel(mm: Mm): Voxel {
    return this.toGrid(mm).map((at) => Math.round(at) + 0) as Voxel; // not -0
  }

  /** Which slice of the plane a place lies on. */
  slice(plane: Plane, mm: Mm): number {
    return this.toVoxel(mm)[NORMAL[plane]];
  }

  slices(plane: Plane): number {
    return this.shape[NORMAL[plane]];
  }

  contains(voxel: Voxel): boolean {
    return voxel.every((at, axis) => at >= 0 && at < this.shape[axis]!);
  }

  offset(voxel: Voxel): number {
    return voxel[0] + this.shape[0] * (voxel[1] + this.shape[1] * voxel[2]);
  }

  /** The nearest place inside the grid. */
  clamp(mm: Mm): Mm {
    const at = this.toGrid(mm);
    return this.toMm(at.map((value, axis) => Math.min(Math.max(value, 0), this.shape[axis]! - 1)) as Voxel);
  }

  /** A place moved by whole voxels. */
  moved(mm: Mm, by: Voxel): Mm {
    const at = this.toVoxel(mm);
    return this.clamp(this.toMm(at.map((value, axis) => value + by[axis]!) as Voxel));
  }

  get middle(): Mm {
    return this.toMm(this.shape.map((size) => Math.floor((size - 1) / 2)) as Voxel);
  }
}

/** A voxel as the file counts it; `orientation` says where its axes run, such as "LPS". */
export function fileVoxel(voxel: Voxel, shape: Voxel, orientation: string): Voxel {
  return [...orientation].map((letter) => {
    const axis = "RL AP SI".split(" ").findIndex((pair) => pair.includes(letter));
    return "RAS".includes(letter) ? voxel[axis]! : shape[axis]! - 1 - voxel[axis]!;
  }) as Voxel;
}

function dot(row: readonly number[], at: Voxel): number {
  return row[0]! * at[0] + row[1]! * at[1] + row[2]! * at[2];
}

function inverted(m: Matrix): number[][] {
  const [a, b, c] = [m[0]!, m[1]!, m[2]!];
  const determinant = a[0]! * minor(b, c, 1, 2) - a[1]! * minor(b, c, 0, 2) + a[2]! * minor(b, c, 0, 1);
  return [
    [minor(b, c, 1, 2), -minor(a, c, 1, 2), minor(a, b, 1, 2)],
    [-minor(b, c, 0, 2), minor(a, c, 0, 2), -minor(a, b, 0, 2)],
    [minor(b, c, 0, 1), -minor(a, c, 0, 1), minor(a, b, 0, 1)],
  ].map((row) => row.map((value) => value / determinant));
}

function minor(p: readonly number[], q: readonly number[], i: number, j: number): number {
  return p[i]! * q[j]! - p[j]! * q[i]!;
}
