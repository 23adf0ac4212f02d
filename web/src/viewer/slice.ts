// Slices of arrays, in the order of the screen: rows from the top, pixels from the left.

import { AXES, type Triple } from "./grid";
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
  const { start, across, down, width, height } = walk(shape, plane, index);
  const data = new Uint8Array(width * height);
  let out = 0;
  for (let y = 0; y < height; y++) {
    let at = start + y * down;
    for (let x = 0; x < width; x++, at += across) data[out++] = array[at]!;
  }
  return { width, height, data };
}
