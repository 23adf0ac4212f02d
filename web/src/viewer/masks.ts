// Label slices over the image: a tint in the object's colour, its outline, and the hatched mask that is only a preview.
// What is made for a slice is kept until the slice, the labels or the colours change.

import { toScreen } from "./camera";
import { type Loop, contours } from "./contour";
import { AXES, type Triple } from "./grid";
import { type LabelVolume, patchSlice } from "./labels";
import type { Place } from "./marks";
import { PLAIN, channelsOf } from "./painter";
import type { BytePlane } from "./slice";
import type { LabelPatch, Plane } from "./types";

export interface MaskLook {
  opacity: number;
  outline: boolean;
}

interface Kept {
  index: number;
  version: number;
  colours: number;
  tint: HTMLCanvasElement;
  outlines: Map<number, Path2D>;
}

export class Masks {
  labels: LabelVolume | null = null;
  look: MaskLook = { opacity: 0.4, outline: true };
  private colours = new Map<number, string>();
  private coloursVersion = 0;
  private mask: LabelPatch | null = null;
  private maskColour = "#ffffff";
  private kept = new Map<Plane, Kept>();
  private keptMask = new Map<Plane, { index: number; path: Path2D | null }>();

  setLabels(labels: LabelVolume): void {
    this.labels = labels;
    this.kept.clear();
    this.setPreview(null, this.maskColour);
  }

  setColours(colours: Map<number, string>): void {
    this.colours = new Map(colours);
    this.coloursVersion++;
  }

  setPreview(mask: LabelPatch | null, colour: string): void {
    this.mask = mask;
    this.maskColour = colour;
    this.keptMask.clear();
  }

  draw(context: CanvasRenderingContext2D, place: Place, index: number): void {
    if (!this.labels) return;
    const slice = this.slice(this.labels, place.tile.plane, index);
    const matrix = pixelsToScreen(place);
    if (this.look.opacity > 0) {
      context.save();
      context.globalAlpha = this.look.opacity;
      context.imageSmoothingEnabled = false; // labels are never mixed
      const { a, d, e, f } = matrix;
      context.drawImage(slice.tint, e, f, a * slice.tint.width, d * slice.tint.height);
      context.restore();
    }
    if (this.look.outline) {
      for (const [value, path] of slice.outlines) stroke(context, path, matrix, this.colours.get(value)!, 1.5);
    }
    this.drawPreview(context, place, matrix, index);
  }

  private drawPreview(context: CanvasRenderingContext2D, place: Place, matrix: DOMMatrix, index: number): void {
    if (!this.labels || !this.mask) return;
    const { plane } = place.tile;
    let kept = this.keptMask.get(plane);
    if (!kept || kept.index !== index) {
      const slice = patchSlice(this.labels.shape, this.mask, plane, index);
      kept = { index, path: slice && toPath([...contours(slice, () => true).values()].flat()) };
      this.keptMask.set(plane, kept);
    }
    if (!kept.path) return;
    const onScreen = new Path2D();
    onScreen.addPath(kept.path, matrix);
    context.save();
    context.fillStyle = hatch(context, this.maskColour);
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- this is a canvas, not an array
    context.fill(onScreen, "evenodd");
    context.setLineDash([4, 3]);
    stroke(context, kept.path, matrix, this.maskColour, 1.5);
    context.restore();
  }

  private slice(labels: LabelVolume, plane: Plane, index: number): Kept {
    const old = this.kept.get(plane);
    const [version, colours] = [labels.version, this.coloursVersion];
    if (old && old.index === index && old.version === version && old.colours === colours) return old;
    const values = labels.slice(plane, index);
    const tint = old?.tint ?? document.createElement("canvas");
    paintTint(tint, values, this.colours);
    const outlines = new Map<number, Path2D>();
    for (const [value, loops] of contours(values, (v) => this.colours.has(v))) outlines.set(value, toPath(loops));
    const made = { index, version, colours, tint, outlines };
    this.kept.set(plane, made);
    return made;
  }
}

function paintTint(canvas: HTMLCanvasElement, slice: BytePlane, colours: Map<number, string>): void {
  const table = new Uint32Array(256); // 0: hidden
  for (const [value, colour] of colours) {
    const [r, g, b] = channelsOf(colour);
    table[value] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  }
  const pixels = new Uint32Array(slice.data.length);
  for (let i = 0; i < pixels.length; i++) {
    const value = slice.data[i]!;
    if (value !== 0) pixels[i] = table[value]!;
  }
  if (canvas.width !== slice.width) canvas.width = slice.width;
  if (canvas.height !== slice.height) canvas.height = slice.height;
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), slice.width, slice.height);
  canvas.getContext("2d", PLAIN)!.putImageData(image, 0, 0);
}

function toPath(loops: Loop[]): Path2D {
  const path = new Path2D();
  for (const loop of loops) {
    path.moveTo(loop[0]!, loop[1]!);
    for (let i = 2; i < loop.length; i += 2) path.lineTo(loop[i]!, loop[i + 1]!);
    path.closePath();
  }
  return path;
}

function stroke(
  context: CanvasRenderingContext2D,
  path: Path2D,
  matrix: DOMMatrix,
  colour: string,
  width: number,
): void {
  const onScreen = new Path2D();
  onScreen.addPath(path, matrix);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke(onScreen);
}

// From pixels of a slice (corners at whole numbers) to the screen.
function pixelsToScreen({ grid, tile, camera }: Place): DOMMatrix {
  const { across, down } = AXES[tile.plane];
  const corner = (x: number, y: number): [number, number] => {
    const voxel: Triple = [0, 0, 0];
    voxel[across] = grid.shape[across] - 0.5 - x;
    voxel[down] = grid.shape[down] - 0.5 - y;
    return toScreen(grid, tile, camera, voxel);
  };
  const [left, top] = corner(0, 0);
  const [right, bottom] = corner(1, 1);
  return new DOMMatrix([right - left, 0, 0, bottom - top, left, top]);
}

// Diagonal lines, the same on the screen at every zoom.
function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern {
  const ratio = context.getTransform().a;
  const size = Math.max(4, Math.round(7 * ratio));
  const cell = document.createElement("canvas");
  cell.width = cell.height = size;
  const pen = cell.getContext("2d")!;
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.75;
  pen.lineWidth = 1.4 * ratio;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(cell, "repeat")!;
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
