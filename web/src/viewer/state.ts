// What is shown where: the open image, the tiles, the part of it that they show, the crosshair and the window.

import { type Camera, type Tile, arrange, fitted, reveal } from "./camera";
import { AXES, type Grid, type Triple, clamp, confine, onlyPlane, sliceOf } from "./grid";
import type { LabelVolume } from "./labels";
import { type Volume, usualWindow } from "./nifti";
import type { Layout, Plane } from "./types";

export interface Open {
  grid: Grid;
  volume: Volume;
  plane: Plane; // the plane of the work
  labels: LabelVolume;
}

export class ViewState {
  open: Open | null = null;
  tiles: readonly Tile[] = [];
  camera: Camera = { centre: [0, 0, 0], zoom: 1 };
  cross: Triple = [0, 0, 0]; // voxel position of the crosshair
  low = 0;
  high = 1;
  layout: Layout = "three";
  mode: "draw" | "look" = "look";
  active: Plane | null = null; // the plane that the pointer was in last

  show(open: Open): void {
    this.open = open;
    this.active = null;
    const bytes = open.grid.unit === "px" && open.volume.data instanceof Uint8Array;
    [this.low, this.high] = bytes ? [0, 255] : usualWindow(open.volume);
    this.camera = fitted(open.grid);
    this.cross = open.grid.shape.map((n) => Math.floor((n - 1) / 2)) as Triple;
  }

  arrange(width: number, height: number): void {
    const only = this.open && onlyPlane(this.open.grid, this.open.plane);
    this.tiles = arrange(only ?? this.layout, this.open?.plane ?? "axial", width, height);
  }

  // The tile of the plane in which the hand is at work.
  get activeTile(): Tile | undefined {
    return this.tiles.find((tile) => tile.plane === this.active) ?? this.tiles[0];
  }

  slice(plane: Plane): number {
    return this.open ? sliceOf(this.open.grid, plane, this.cross) : 0;
  }

  get slices(): Record<Plane, number> {
    return { axial: this.slice("axial"), coronal: this.slice("coronal"), sagittal: this.slice("sagittal") };
  }

  // The crosshair goes there, or as near as the image reaches, and is seen there.
  moveTo(voxel: Triple): void {
    if (!this.open) return;
    this.cross = confine(this.open.grid, voxel);
    this.camera = reveal(this.open.grid, this.camera, this.tiles, this.cross);
  }

  step(plane: Plane, slices: number): void {
    if (!this.open) return;
    const axis = AXES[plane].through;
    const voxel: Triple = [...this.cross];
    voxel[axis] = clamp(this.slice(plane) + slices, 0, this.open.grid.shape[axis] - 1);
    this.moveTo(voxel);
  }

  setWindow(low: number, high: number): void {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return;
    this.low = low;
    // A window without width would divide by nothing.
    this.high = Math.max(high, low + Math.max(Math.abs(low), 1) * 1e-6);
  }
}
