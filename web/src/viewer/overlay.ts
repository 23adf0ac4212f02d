// All that lies over the grey values: masks, marks, the crosshair, and where is what. One 2D canvas over all tiles.

import { type Tile, scaleOf, toScreen } from "./camera";
import { AXES, type Triple, letters, onlyPlane } from "./grid";
import { type Place, drawMarks } from "./marks";
import type { Masks } from "./masks";
import { type Scene, deviceRect } from "./painter";
import type { Mark } from "./types";

export interface Theme {
  background: string;
  seam: string; // between tiles
  text: string;
  crosshair: string;
  halo: string;
}

// What surrounds an image is dark in both: next to white, grey values look darker than they are.
export const THEMES: Record<"dark" | "light", Theme> = {
  dark: {
    background: "#0b0d10",
    seam: "#23282f",
    text: "#c3ccd6",
    crosshair: "#ffe08a",
    halo: "rgba(0, 0, 0, 0.8)",
  },
  light: {
    background: "#20252b",
    seam: "#4a525c",
    text: "#e3e8ee",
    crosshair: "#ffe08a",
    halo: "rgba(10, 12, 15, 0.8)",
  },
};

// Pixels around the crosshair's middle that stay free, so that what it points at can be seen.
const OPEN = 9;
const SHORT = 9;

export interface Shown {
  scene: Scene;
  crosshair: Triple; // voxel position
  masks: Masks;
  marks: readonly Mark[];
  theme: Theme;
  quiet: boolean; // a tool is in use: the crosshair steps back
}

export function drawOverlay(context: CanvasRenderingContext2D, ratio: number, shown: Shown): void {
  const { canvas } = context;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const { grid, camera, tiles, slices } = shown.scene;
  drawSeams(context, tiles, ratio, shown.theme.seam);
  for (const tile of tiles) {
    const place: Place = { grid, tile, camera };
    const slice = slices[tile.plane];
    context.save();
    context.beginPath();
    context.rect(...deviceRect(tile, ratio));
    context.clip();
    context.scale(ratio, ratio);
    shown.masks.draw(context, place, slice);
    drawCrosshair(context, place, shown, ratio);
    drawMarks(context, place, slice, shown.marks);
    drawWords(context, place, shown);
    context.restore();
  }
}

function drawSeams(context: CanvasRenderingContext2D, tiles: readonly Tile[], ratio: number, colour: string): void {
  context.beginPath();
  context.rect(0, 0, context.canvas.width, context.canvas.height);
  for (const tile of tiles) context.rect(...deviceRect(tile, ratio));
  context.fillStyle = colour;
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- this is a canvas, not an array
  context.fill("evenodd");
}

function drawCrosshair(context: CanvasRenderingContext2D, place: Place, shown: Shown, ratio: number): void {
  const { grid, tile, camera } = place;
  const exact = toScreen(grid, tile, camera, shown.crosshair);
  // In the middle of a device pixel, so that the line is one pixel wide and not two grey ones.
  const [x, y] = exact.map((v) => (Math.floor(v * ratio) + 0.5) / ratio) as [number, number];
  // Long lines say where the other planes lie; an image of one slice has none.
  const reach = onlyPlane(grid, tile.plane) ? SHORT : tile.width + tile.height;
  context.save();
  context.beginPath();
  for (const side of [-1, 1]) {
    lineBetween(context, [x + side * OPEN, y], [x + side * (OPEN + reach), y]);
    lineBetween(context, [x, y + side * OPEN], [x, y + side * (OPEN + reach)]);
  }
  context.globalAlpha = shown.quiet ? 0.12 : 0.25;
  context.strokeStyle = "#000000"; // on white it is this that is seen
  context.lineWidth = 3 / ratio;
  context.stroke();
  context.globalAlpha = shown.quiet ? 0.5 : 0.85;
  context.strokeStyle = shown.theme.crosshair;
  context.lineWidth = 1 / ratio;
  context.stroke();
  context.restore();
}

function lineBetween(context: CanvasRenderingContext2D, a: [number, number], b: [number, number]): void {
  context.moveTo(...a);
  context.lineTo(...b);
}

function drawWords(context: CanvasRenderingContext2D, place: Place, shown: Shown): void {
  const { grid, tile } = place;
  const [middleX, middleY] = [tile.left + tile.width / 2, tile.top + tile.height / 2];
  const write = (text: string, x: number, y: number, align: CanvasTextAlign, base: CanvasTextBaseline) => {
    context.textAlign = align;
    context.textBaseline = base;
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = shown.theme.halo;
    context.strokeText(text, x, y);
    context.fillStyle = shown.theme.text;
    context.fillText(text, x, y);
  };
  context.save();
  const ends = letters(grid, tile.plane);
  if (ends) {
    context.font = "600 13px system-ui, sans-serif";
    write(ends.left, tile.left + 8, middleY, "left", "middle");
    write(ends.right, tile.left + tile.width - 8, middleY, "right", "middle");
    write(ends.top, middleX, tile.top + 8, "center", "top");
    write(ends.bottom, middleX, tile.top + tile.height - 8, "center", "bottom");
  }
  const count = grid.shape[AXES[tile.plane].through];
  context.font = "500 12px system-ui, sans-serif";
  if (count > 1) {
    const name = tile.plane[0]!.toUpperCase() + tile.plane.slice(1);
    write(`${name} ${shown.scene.slices[tile.plane] + 1} / ${count}`, tile.left + 8, tile.top + 8, "left", "top");
  }
  if (grid.unit === "mm") drawScale(context, place, shown.theme, write);
  context.restore();
}

type Write = (text: string, x: number, y: number, align: CanvasTextAlign, base: CanvasTextBaseline) => void;

// A bar of a round length, about a sixth of the tile.
function drawScale(context: CanvasRenderingContext2D, place: Place, theme: Theme, write: Write): void {
  const { grid, tile, camera } = place;
  if (tile.width < 220) return;
  const scale = scaleOf(grid, tile, camera.zoom);
  const length = roundLength(tile.width / 6 / scale);
  const [right, y] = [tile.left + tile.width - 10, tile.top + tile.height - 10];
  const left = right - length * scale;
  context.save();
  context.lineCap = "butt";
  for (const [colour, width] of [
    [theme.halo, 4],
    [theme.text, 2],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    lineBetween(context, [left, y], [right, y]);
    context.stroke();
  }
  context.restore();
  write(length >= 10 ? `${length / 10} cm` : `${length} mm`, right, y - 5, "right", "bottom");
}

// The greatest of 1, 2, 5, 10, 20, ... that is not above `length`.
export function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  const digit = [5, 2, 1].find((d) => d * power <= length * (1 + 1e-9)) ?? 1;
  return digit * power;
}
