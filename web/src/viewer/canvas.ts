// Slices on a plain 2D canvas, for machines without WebGL 2 and for images that no texture can hold.

import { covered, toScreen } from "./camera";
import { AXES, type Grid, type Triple } from "./grid";
import type { Volume } from "./nifti";
import { PLAIN, deviceRect, type Painter, type Scene } from "./painter";
import { walk } from "./slice";
import type { Plane } from "./types";

interface Kept {
  index: number;
  low: number;
  high: number;
  image: HTMLCanvasElement;
}

export class CanvasPainter implements Painter {
  readonly name = "canvas" as const;
  readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d", { ...PLAIN, alpha: false })!;
  private volume: Volume | null = null;
  private kept = new Map<Plane, Kept>();
  private ratio = 1;

  load(volume: Volume, _grid: Grid): void {
    this.volume = volume;
    this.kept.clear();
  }

  resize(width: number, height: number, ratio: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.ratio = ratio;
  }

  draw(scene: Scene): void {
    const { context, volume } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = scene.background;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (!volume) return;
    for (const tile of scene.tiles) {
      const image = this.slice(volume, scene, tile.plane);
      const { across, down } = AXES[tile.plane];
      const shape = scene.grid.shape;
      const corner = (x: number, y: number): [number, number] => {
        const voxel: Triple = [0, 0, 0];
        voxel[across] = shape[across] - 0.5 - x;
        voxel[down] = shape[down] - 0.5 - y;
        return toScreen(scene.grid, tile, scene.camera, voxel);
      };
      const [left, top] = corner(0, 0);
      const [right, bottom] = corner(image.width, image.height);
      context.save();
      context.beginPath();
      context.rect(...deviceRect(tile, this.ratio));
      context.clip();
      context.scale(this.ratio, this.ratio);
      // Smaller than it is, an image is always averaged: fine textures would turn into patterns that are not there.
      const smaller = Math.max(...covered(scene.grid, tile, scene.camera, this.ratio)) > 1;
      context.imageSmoothingEnabled = scene.smooth || smaller;
      context.imageSmoothingQuality = smaller ? "medium" : "low";
      context.drawImage(image, left, top, right - left, bottom - top);
      context.restore();
    }
  }

  dispose(): void {
    this.volume = null;
    this.kept.clear();
    this.canvas.remove();
  }

  private slice(volume: Volume, scene: Scene, plane: Plane): HTMLCanvasElement {
    const index = scene.slices[plane];
    const { low, high } = scene;
    const kept = this.kept.get(plane);
    if (kept && kept.index === index && kept.low === low && kept.high === high) return kept.image;
    const image = kept?.image ?? document.createElement("canvas");
    paintSlice(image, volume, plane, index, low, high);
    this.kept.set(plane, { index, low, high, image });
    return image;
  }
}

function paintSlice(
  image: HTMLCanvasElement,
  volume: Volume,
  plane: Plane,
  index: number,
  low: number,
  high: number,
): void {
  const { start, across, down, width, height } = walk(volume.shape, plane, index);
  const { data, channels } = volume;
  const greys = table(volume, low, high);
  const pixels = new Uint32Array(width * height);
  let out = 0;
  for (let y = 0; y < height; y++) {
    let at = (start + y * down) * channels;
    for (let x = 0; x < width; x++, at += across * channels) {
      const red = greys(data[at]!);
      const [green, blue] = channels === 1 ? [red, red] : [greys(data[at + 1]!), greys(data[at + 2]!)];
      pixels[out++] = (255 << 24) | (blue << 16) | (green << 8) | red;
    }
  }
  if (image.width !== width) image.width = width;
  if (image.height !== height) image.height = height;
  image.getContext("2d", PLAIN)!.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
}

// From stored values to 0..255: looked up where there are few of them.
function table(volume: Volume, low: number, high: number): (stored: number) => number {
  const gain = (255 * volume.slope) / (high - low);
  const offset = (255 * (volume.intercept - low)) / (high - low);
  const grey = (stored: number) => Math.max(0, Math.min(255, Math.round(stored * gain + offset))) || 0; // 0 for NaN
  const { data } = volume;
  if (data.BYTES_PER_ELEMENT > 2) return grey;
  const least = data instanceof Int16Array ? -32768 : data instanceof Int8Array ? -128 : 0;
  const known = Uint8Array.from({ length: 256 ** data.BYTES_PER_ELEMENT }, (_, i) => grey(i + least));
  return (stored) => known[stored - least]!;
}
