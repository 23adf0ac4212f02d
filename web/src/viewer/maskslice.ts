// One slice of the labels as it is drawn: its tint and its outlines. A patch changes only the part of them that it covers, so
// that a brush is as quick on a picture of many megapixels as on a slice of a volume.

import { type Line, type Part, contours } from "./contour";
import type { LabelVolume } from "./labels";
import { PLAIN, channelsOf } from "./painter";
import { type BytePlane, copySlice } from "./slice";
import type { Plane } from "./types";

// Outlines are made for squares of this many pixels.
const BLOCK = 256;

export interface Outlines {
  part: Part;
  paths: Map<number, Path2D>; // object -> in pixels of the slice
}

export class MaskSlice {
  readonly tint = document.createElement("canvas");
  readonly blocks: Outlines[] = [];
  private readonly values: BytePlane;
  private readonly columns: number;
  private version: number;
  private colours: ReadonlyMap<number, string> | null = null;

  constructor(
    private readonly labels: LabelVolume,
    private readonly plane: Plane,
    readonly index: number,
  ) {
    this.values = labels.slice(plane, index);
    this.version = labels.version;
    const { width, height } = this.values;
    this.tint.width = width;
    this.tint.height = height;
    this.columns = Math.ceil(width / BLOCK);
    for (let top = 0; top < height; top += BLOCK) {
      for (let left = 0; left < width; left += BLOCK) {
        const part = { left, top, right: Math.min(left + BLOCK, width), bottom: Math.min(top + BLOCK, height) };
        this.blocks.push({ part, paths: this.outline(part) });
      }
    }
  }

  // Bring it up to the labels and the colours; hidden objects have no colour.
  update(colours: ReadonlyMap<number, string>): void {
    const parts = this.labels.changedSince(this.version, this.plane, this.index);
    this.version = this.labels.version;
    for (const part of parts) this.change(part);
    if (colours !== this.colours) {
      this.colours = colours;
      this.paint({ left: 0, top: 0, right: this.values.width, bottom: this.values.height });
    } else for (const part of parts) this.paint(part);
  }

  private change(part: Part): void {
    copySlice(this.labels.data, this.labels.shape, this.plane, this.index, this.values, part);
    // The neighbours of what changed have other edges as well.
    const [left, right] = [part.left - 1, part.right].map((x) => Math.floor(x / BLOCK)) as [number, number];
    const [top, bottom] = [part.top - 1, part.bottom].map((y) => Math.floor(y / BLOCK)) as [number, number];
    for (let y = Math.max(top, 0); y <= bottom; y++) {
      for (let x = Math.max(left, 0); x <= Math.min(right, this.columns - 1); x++) {
        const block = this.blocks[y * this.columns + x];
        if (block) block.paths = this.outline(block.part);
      }
    }
  }

  private outline(part: Part): Map<number, Path2D> {
    return new Map([...contours(this.values, part)].map(([value, lines]) => [value, toPath(lines)]));
  }

  private paint({ left, top, right, bottom }: Part): void {
    const table = new Uint32Array(256); // 0: hidden
    for (const [value, colour] of this.colours!) {
      const [r, g, b] = channelsOf(colour);
      table[value] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    }
    table[0] = 0;
    const { width, data } = this.values;
    const pixels = new Uint32Array((right - left) * (bottom - top));
    let out = 0;
    for (let y = top; y < bottom; y++) {
      for (let at = y * width + left; at < y * width + right; at++) pixels[out++] = table[data[at]!]!;
    }
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), right - left, bottom - top);
    this.tint.getContext("2d", PLAIN)!.putImageData(image, left, top);
  }
}

export function toPath(lines: Line[]): Path2D {
  const path = new Path2D();
  for (const { corners, closed } of lines) {
    path.moveTo(corners[0]!, corners[1]!);
    for (let i = 2; i < corners.length; i += 2) path.lineTo(corners[i]!, corners[i + 1]!);
    if (closed) path.closePath();
  }
  return path;
}
