// Slices of arrays, in the order of the screen: rows from the top, pixels from the left.

import { AXES, type Triple } from "./grid";
import type { Part } from "./contour";
import type { Plane } from "./types";

// How to walk through an array (first axis fastest) along the pixels of a slice.
export interface Walk {
  start: number;
  across: number; // step from a pixel to its right neighbour
  down: number; // step from a row to the next one
  width: number;
  height: number;
}

export function walk(shape: Triple, plane: Plane, index: number): Walk {
  const strides: Triple = [1, shape[0], shape[0] * shape[1]];
  const axes = AXES[plane];
  const [width, height] = [shape[axes.across], shape[axes.down]];
  const [across, down] = [strides[axes.across], strides[axes.down]];
  const start = index * strides[axes.through] + (width - 1) * across + (height - 1) * down;
  return { start, across: -across, down: -down, width, height };
}

export interface BytePlane {
  width: number;
  height: number;
  data: Uint8Array; // [height, width]
}

export function byteSlice(array: Uint8Array, shape: Triple, plane: Plane, index: number): BytePlane {
  const { width, height } = walk(shape, plane, index);
  const slice = { width, height, data: new Uint8Array(width * height) };
  copySlice(array, shape, plane, index, slice, { left: 0, top: 0, right: width, bottom: height });
  return slice;
}

// Read a part of a slice anew.
export function copySlice(
  array: Uint8Array,
  shape: Triple,
  plane: Plane,
  index: number,
  slice: BytePlane,
  part: Part,
): void {
  const { start, across, down } = walk(shape, plane, index);
  for (let y = part.top; y < part.bottom; y++) {
    let at = start + y * down + part.left * across;
    const end = y * slice.width + part.right;
    for (let to = y * slice.width + part.left; to < end; to++, at += across) slice.data[to] = array[at]!;
  }
}
