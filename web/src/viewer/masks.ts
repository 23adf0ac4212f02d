// Label slices over the image: a tint in the object's colour, its outline, and the hatched mask that is only a preview.

import { toScreen } from "./camera";
import { type Part, contours } from "./contour";
import { AXES, type Triple } from "./grid";
import { type LabelVolume, patchSlice } from "./labels";
import type { Place } from "./marks";
import { MaskSlice, toPath } from "./maskslice";
import type { LabelPatch, Plane } from "./types";

export interface MaskLook {
  opacity: number;
  outline: boolean;
}

export class Masks {
  labels: LabelVolume | null = null;
  look: MaskLook = { opacity: 0.4, outline: true };
  private colours: ReadonlyMap<number, string> = new Map();
  private mask: LabelPatch | null = null;
  private maskColour = "#ffffff";
  private kept = new Map<Plane, MaskSlice>();
  private keptMask = new Map<Plane, { index: number; path: Path2D | null }>();

  setLabels(labels: LabelVolume): void {
    this.labels = labels;
    this.kept.clear();
    this.setPreview(null, this.maskColour);
  }

  setColours(colours: Map<number, string>): void {
    this.colours = new Map(colours);
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
    if (this.look.outline) this.drawOutlines(context, place, slice, matrix);
    this.drawPreview(context, place, matrix, index);
  }

  private drawOutlines(context: CanvasRenderingContext2D, place: Place, slice: MaskSlice, matrix: DOMMatrix): void {
    for (const { part, paths } of slice.blocks) {
      if (!inView(place, part, matrix)) continue;
      for (const [value, path] of paths) {
        const colour = this.colours.get(value);
        if (colour) stroke(context, path, matrix, colour, 1.5);
      }
    }
  }

  private drawPreview(context: CanvasRenderingContext2D, place: Place, matrix: DOMMatrix, index: number): void {
    if (!this.labels || !this.mask) return;
    const { plane } = place.tile;
    let kept = this.keptMask.get(plane);
    if (!kept || kept.index !== index) {
      const slice = patchSlice(this.labels.shape, this.mask, plane, index);
      kept = { index, path: slice && toPath([...contours(slice).values()].flat()) };
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

  private slice(labels: LabelVolume, plane: Plane, index: number): MaskSlice {
    let slice = this.kept.get(plane);
    if (!slice || slice.index !== index) this.kept.set(plane, (slice = new MaskSlice(labels, plane, index)));
    slice.update(this.colours);
    return slice;
  }
}

function inView({ tile }: Place, part: Part, { a, d, e, f }: DOMMatrix): boolean {
  const across = e + a * part.left < tile.left + tile.width && e + a * part.right > tile.left;
  return across && f + d * part.top < tile.top + tile.height && f + d * part.bottom > tile.top;
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
