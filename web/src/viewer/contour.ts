// Outlines of label slices along the edges of their pixels, so that they say exactly which voxels are in.

import type { BytePlane } from "./slice";

// Corners, x and y alternating, in pixels of the slice: pixel (0, 0) has its corners at (0, 0) and (1, 1).
export interface Line {
  corners: number[];
  closed: boolean; // open where the outline goes on in another part of the slice
}

export interface Part {
  left: number;
  top: number;
  right: number; // exclusive
  bottom: number;
}

// For each value that is not 0, the outline of its pixels in a part of the slice; holes have lines of their own, so fill
// them with the even-odd rule. Without a part, all of the slice; then every line is closed.
export function contours(plane: BytePlane, part?: Part): Map<number, Line[]> {
  const whole = { left: 0, top: 0, right: plane.width, bottom: plane.height };
  const found = new Map<number, Line[]>();
  for (const [value, edges] of edgesOf(plane, part ?? whole)) found.set(value, link(edges, plane.width + 1));
  return found;
}

// Directed edges (from corner to corner) with the object at their right hand, per value. Corner (x, y) is y * (width + 1) + x.
function edgesOf({ width, height, data }: BytePlane, part: Part): Map<number, number[]> {
  const all = new Map<number, number[]>();
  const row = width + 1;
  for (let y = part.top; y < part.bottom; y++) {
    for (let x = part.left; x < part.right; x++) {
      const at = y * width + x;
      const value = data[at]!;
      if (value === 0) continue;
      const up = y === 0 || data[at - width] !== value;
      const low = y === height - 1 || data[at + width] !== value;
      const left = x === 0 || data[at - 1] !== value;
      const right = x === width - 1 || data[at + 1] !== value;
      if (!(up || low || left || right)) continue;
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

function link(edges: number[], row: number): Line[] {
  // At most two edges leave a corner: where two pixels touch at it.
  const next = new Map<number, number[]>();
  const arriving = new Map<number, number>();
  for (let i = 0; i < edges.length; i += 2) {
    const others = next.get(edges[i]!);
    if (others) others.push(edges[i + 1]!);
    else next.set(edges[i]!, [edges[i + 1]!]);
    arriving.set(edges[i + 1]!, (arriving.get(edges[i + 1]!) ?? 0) + 1);
  }
  const lines: Line[] = [];
  // Open lines first: they begin where more edges leave than arrive.
  for (const [start, to] of next) {
    for (let open = to.length - (arriving.get(start) ?? 0); open > 0; open--) lines.push(follow(next, start, row));
  }
  for (const start of next.keys()) {
    while (next.get(start)!.length > 0) lines.push(follow(next, start, row));
  }
  return lines;
}

function follow(next: Map<number, number[]>, start: number, row: number): Line {
  const corners: number[] = [];
  let [here, direction] = [start, 0];
  for (let to = next.get(here)?.pop(); to !== undefined; to = next.get(here)?.pop()) {
    // Corners on a straight line are left out.
    if (to - here !== direction) corners.push(here % row, Math.floor(here / row));
    direction = to - here;
    here = to;
    if (here === start) return { corners, closed: true };
  }
  corners.push(here % row, Math.floor(here / row));
  return { corners, closed: false };
}
