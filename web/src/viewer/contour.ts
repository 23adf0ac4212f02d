// Outlines of label slices along the edges of their pixels, so that they say exactly which voxels are in.

import type { BytePlane } from "./slice";

// Closed loops of corners, x and y alternating, in pixels of the slice: pixel (0, 0) has its corners at (0, 0) and (1, 1).
export type Loop = number[];

// For each value that is not 0, its loops; holes are loops of their own, so fill them with the even-odd rule.
export function contours(plane: BytePlane, wanted: (value: number) => boolean): Map<number, Loop[]> {
  const found = new Map<number, Loop[]>();
  for (const [value, edges] of edgesOf(plane, wanted)) found.set(value, link(edges, plane.width + 1));
  return found;
}

// Directed edges (from corner to corner) with the object at their right hand, per value. Corner (x, y) is y * (width + 1) + x.
function edgesOf({ width, height, data }: BytePlane, wanted: (value: number) => boolean): Map<number, number[]> {
  const all = new Map<number, number[]>();
  const row = width + 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const value = data[at]!;
      if (value === 0) continue;
      const up = y === 0 || data[at - width] !== value;
      const low = y === height - 1 || data[at + width] !== value;
      const left = x === 0 || data[at - 1] !== value;
      const right = x === width - 1 || data[at + 1] !== value;
      if (!(up || low || left || right) || !wanted(value)) continue;
      let edges = all.get(value);
      if (!edges) all.set(value, (edges = []));
      const corner = y * row + x;
      if (up) edges.push(corner, corner + 1);
      if (right) edges.push(corner + 1, corner + row + 1);
      if (low) edges.push(corner + row + 1, corner + row);
      if (left) edges.push(corner + row, corner);
    }
  }
  return all;
}

function link(edges: number[], row: number): Loop[] {
  // At most two edges leave a corner: where two pixels touch at it.
  const next = new Map<number, number[]>();
  for (let i = 0; i < edges.length; i += 2) {
    const others = next.get(edges[i]!);
    if (others) others.push(edges[i + 1]!);
    else next.set(edges[i]!, [edges[i + 1]!]);
  }
  const loops: Loop[] = [];
  for (const start of next.keys()) {
    while (next.get(start)!.length > 0) loops.push(follow(next, start, row));
  }
  return loops;
}

function follow(next: Map<number, number[]>, start: number, row: number): Loop {
  const loop: Loop = [];
  let [here, direction] = [start, 0];
  do {
    const to = next.get(here)!.pop()!;
    // Corners on a straight line are left out.
    if (to - here !== direction) loop.push(here % row, Math.floor(here / row));
    direction = to - here;
    here = to;
  } while (here !== start);
  return loop;
}
