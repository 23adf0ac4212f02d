// What paints the grey values (or colours) of the slices. All that lies over them is drawn by overlay.ts, the same for both.

import type { Camera, Tile } from "./camera";
import type { Grid } from "./grid";
import type { Volume } from "./nifti";
import type { Plane } from "./types";

export interface Scene {
  grid: Grid;
  tiles: readonly Tile[];
  camera: Camera;
  slices: Record<Plane, number>;
  low: number; // grey value that is black
  high: number; // grey value that is white
  smooth: boolean;
  background: string; // "#rrggbb"
}

export interface Painter {
  readonly name: "niivue" | "canvas";
  readonly canvas: HTMLCanvasElement;
  load(volume: Volume, grid: Grid): void;
  // Size in device pixels, and how many of them a CSS pixel has.
  resize(width: number, height: number, ratio: number): void;
  draw(scene: Scene): void;
  dispose(): void;
}

// A tile in whole device pixels, so that both painters and the overlay agree to the pixel.
export function deviceRect(tile: Tile, ratio: number): [number, number, number, number] {
  const left = Math.round(tile.left * ratio);
  const top = Math.round(tile.top * ratio);
  const right = Math.round((tile.left + tile.width) * ratio);
  const bottom = Math.round((tile.top + tile.height) * ratio);
  return [left, top, right - left, bottom - top];
}

export function channelsOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

// Canvases that are drawn by the processor: their pixels are the same on every machine, and where graphics are emulated they
// take half of the time. On a graphics card the copy of a few megabytes is hardly felt.
export const PLAIN: CanvasRenderingContext2DSettings = { willReadFrequently: true };
