// The label array of the open image, and the mask that is only a preview.

import { AXES, type Triple } from "./grid";
import { byteSlice, type BytePlane } from "./slice";
import type { LabelPatch, Plane } from "./types";

export class LabelVolume {
  // Goes up with every change, so that what was drawn from it can be kept until then.
  version = 0;

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
  }

  slice(plane: Plane, index: number): BytePlane {
    return byteSlice(this.data, this.shape, plane, index);
  }
}

// The part of a patch that lies on a slice, on the grid of the whole slice; null where it does not meet it.
export function patchSlice(shape: Triple, patch: LabelPatch, plane: Plane, index: number): BytePlane | null {
  const { across, down, through } = AXES[plane];
  const inside = index - patch.low[through];
  if (inside < 0 || inside >= patch.shape[through]) return null;
  const part = byteSlice(patch.values, patch.shape, plane, inside);
  const [width, height] = [shape[across], shape[down]];
  const data = new Uint8Array(width * height);
  // Slices run against the voxel axes, so the patch's upper end comes first.
  const left = width - patch.low[across] - part.width;
  const top = height - patch.low[down] - part.height;
  for (let y = 0; y < part.height; y++) {
    data.set(part.data.subarray(y * part.width, (y + 1) * part.width), (top + y) * width + left);
  }
  return { width, height, data };
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
