// The label array of the open image, and the mask that is only a preview.

import { AXES, type Triple } from "./grid";
import type { Part } from "./contour";
import { byteSlice, type BytePlane } from "./slice";
import type { LabelPatch, Plane } from "./types";

type Box = Pick<LabelPatch, "low" | "shape">;

// So many of the last changes are remembered; who asks for older ones is told that all has changed.
const REMEMBERED = 64;

export class LabelVolume {
  // Goes up by one with every change, so that what was drawn from it can be kept until then.
  version = 0;
  private readonly changes: Box[] = []; // the last one made `version`

  constructor(
    readonly shape: Triple,
    readonly data: Uint8Array,
  ) {
    const wanted = shape[0] * shape[1] * shape[2];
    if (data.length !== wanted) {
      throw new Error(`The label array has ${data.length} values, but the image has ${wanted} voxels.`);
    }
  }

  patch(patch: LabelPatch): void {
    checkPatch(this.shape, patch);
    const [width, height, depth] = patch.shape;
    const [nx, ny] = this.shape;
    for (let z = 0; z < depth; z++) {
      for (let y = 0; y < height; y++) {
        const from = (z * height + y) * width;
        const to = ((z + patch.low[2]) * ny + y + patch.low[1]) * nx + patch.low[0];
        this.data.set(patch.values.subarray(from, from + width), to);
      }
    }
    this.version++;
    this.changes.push({ low: patch.low, shape: patch.shape });
    if (this.changes.length > REMEMBERED) this.changes.shift();
  }

  // Parts of a slice that may have changed since a version.
  changedSince(version: number, plane: Plane, index: number): Part[] {
    const count = this.version - version;
    const whole: Box = { low: [0, 0, 0], shape: this.shape };
    const boxes = count === 0 ? [] : count > this.changes.length ? [whole] : this.changes.slice(-count);
    return boxes.flatMap((box) => partOf(this.shape, box, plane, index) ?? []);
  }

  slice(plane: Plane, index: number): BytePlane {
    return byteSlice(this.data, this.shape, plane, index);
  }
}

// The part of a patch that lies on a slice, on the grid of the whole slice; null where it does not meet it.
export function patchSlice(shape: Triple, patch: LabelPatch, plane: Plane, index: number): BytePlane | null {
  const { across, down, through } = AXES[plane];
  const part = partOf(shape, patch, plane, index);
  if (!part) return null;
  const inside = byteSlice(patch.values, patch.shape, plane, index - patch.low[through]);
  const [width, height] = [shape[across], shape[down]];
  const data = new Uint8Array(width * height);
  for (let y = 0; y < inside.height; y++) {
    const row = inside.data.subarray(y * inside.width, (y + 1) * inside.width);
    data.set(row, (part.top + y) * width + part.left);
  }
  return { width, height, data };
}

// Where a box lies on a slice. Slices run against the voxel axes, so the box's upper end comes first.
function partOf(shape: Triple, { low, shape: size }: Box, plane: Plane, index: number): Part | null {
  const { across, down, through } = AXES[plane];
  if (index < low[through] || index >= low[through] + size[through]) return null;
  const right = shape[across] - low[across];
  const bottom = shape[down] - low[down];
  return { left: right - size[across], top: bottom - size[down], right, bottom };
}

export function checkPatch(shape: Triple, patch: LabelPatch): void {
  const size = patch.shape[0] * patch.shape[1] * patch.shape[2];
  const fits = shape.every((n, i) => patch.low[i]! >= 0 && patch.low[i]! + patch.shape[i]! <= n);
  if (!fits || size !== patch.values.length) {
    throw new Error(
      `A patch of ${patch.shape.join(" x ")} at ${patch.low.join(", ")} with ${patch.values.length} values ` +
        `does not fit a grid of ${shape.join(" x ")}.`,
    );
  }
}
