// What gestures do to the view, and what the page is told of them.

import { type Tile, fromScreen, panned, tileAt, zoomed } from "./camera";
import type { GestureTarget, ToolPhase } from "./gestures";
import { type Triple, confine, contains, toMm } from "./grid";
import type { ViewState } from "./state";
import type { Pointer } from "./types";

export interface HandEvents {
  pointer(event: Pointer): void;
  moved(): void; // the crosshair
  windowed(): void;
  changed(): void; // draw again
}

export class Hands implements GestureTarget {
  private held: Tile | null = null; // the tile in which a drag began
  private hovering: Tile | null = null;
  private rest: { event: PointerEvent; x: number; y: number } | null = null; // where the pointer hovers

  constructor(
    private readonly state: ViewState,
    private readonly events: HandEvents,
  ) {}

  mode(): "draw" | "look" {
    return this.state.mode;
  }

  tool(phase: ToolPhase, event: PointerEvent, x: number, y: number): boolean {
    this.rest = phase === "hover" ? { event, x, y } : null;
    if (phase === "down") this.held = this.enter(x, y);
    if (phase === "hover" || phase === "leave") return this.hover(phase, event, x, y);
    const tile = this.held;
    if (!tile) return false;
    if (phase === "down" && !this.isInside(tile, x, y)) {
      this.held = null;
      return false;
    }
    this.hovering = tile;
    this.report(phase, event, tile, x, y);
    return true;
  }

  look(x: number, y: number, begins: boolean): void {
    if (begins) this.held = this.enter(x, y);
    if (!this.held) return;
    this.state.cross = confine(this.state.open!.grid, this.voxel(this.held, x, y));
    this.events.moved();
  }

  pan(x: number, y: number, dx: number, dy: number): void {
    const tile = this.enter(x - dx, y - dy) ?? this.state.activeTile;
    const { open } = this.state;
    if (!tile || !open) return;
    this.state.camera = panned(open.grid, this.state.camera, tile, dx, dy);
    this.events.changed();
  }

  zoom(factor: number, x: number, y: number): void {
    const tile = this.enter(x, y);
    if (!tile || !this.state.open) return;
    this.state.camera = zoomed(this.state.open.grid, this.state.camera, factor, this.voxel(tile, x, y));
    this.events.changed();
    this.again();
  }

  // What is under a pointer that rests is another place after the image has moved below it.
  again(): void {
    if (this.rest && this.state.open) this.hover("hover", this.rest.event, this.rest.x, this.rest.y);
  }

  // Across the screen is the whole range of values once, so that no image is too quick or too slow.
  window(dx: number, dy: number): void {
    const { open, low, high } = this.state;
    if (!open) return;
    const step = Math.max(high - low, (open.volume.max - open.volume.min) / 1000) / 250;
    const level = (low + high) / 2 + dy * step;
    const width = Math.max(high - low + dx * step, (open.volume.max - open.volume.min) / 1e5);
    this.state.setWindow(level - width / 2, level + width / 2);
    this.events.windowed();
  }

  scroll(x: number, y: number, slices: number): void {
    const tile = this.enter(x, y);
    if (!tile) return;
    this.state.step(tile.plane, slices);
    this.events.moved();
    this.again();
  }

  private hover(phase: "hover" | "leave", event: PointerEvent, x: number, y: number): boolean {
    const tile = phase === "hover" ? this.enter(x, y) : null;
    const inside = tile && this.isInside(tile, x, y) ? tile : null;
    if (inside) this.report("hover", event, inside, x, y);
    else if (this.hovering) this.report("leave", event, this.hovering, x, y);
    this.hovering = inside;
    return false;
  }

  private enter(x: number, y: number): Tile | null {
    const tile = this.state.open ? tileAt(this.state.tiles, x, y) : null;
    if (tile) this.state.active = tile.plane;
    return tile;
  }

  // The voxel position under the pointer, in the middle of the slice's thickness.
  private voxel(tile: Tile, x: number, y: number): Triple {
    const { open, camera } = this.state;
    return fromScreen(open!.grid, tile, camera, x, y, this.state.slice(tile.plane));
  }

  private isInside(tile: Tile, x: number, y: number): boolean {
    return contains(this.state.open!.grid, this.voxel(tile, x, y));
  }

  // What is drawn beyond the edge of the image stays at its edge.
  private report(type: ToolPhase, event: PointerEvent, tile: Tile, x: number, y: number): void {
    const { grid } = this.state.open!;
    this.events.pointer({
      type,
      mm: toMm(grid, confine(grid, this.voxel(tile, x, y))),
      plane: tile.plane,
      button: event.button,
      shift: event.shiftKey,
      ctrl: event.ctrlKey || event.metaKey,
      alt: event.altKey,
      pressure: event.pressure,
    });
  }
}
