// The viewer of the page's contract, over either painter.

import { fitted, panned, zoomed } from "./camera";
import { Gestures } from "./gestures";
import { contains, clamp, makeGrid, toMm, toVoxel, type Triple } from "./grid";
import { Hands } from "./hands";
import { LabelVolume, checkPatch } from "./labels";
import { Masks } from "./masks";
import { parseNifti, valueOf } from "./nifti";
import { THEMES, type Theme, drawOverlay } from "./overlay";
import type { Stage } from "./stage";
import { ViewState } from "./state";
import type { LabelPatch, Layout, Mark, Mm, Picture, Plane, Pointer, Viewer } from "./types";

export class SliceViewer implements Viewer {
  onPointer: (event: Pointer) => void = () => {};
  onCrosshair: (mm: Mm) => void = () => {};
  onWindow: (low: number, high: number) => void = () => {};
  onLost: () => void = () => {};
  private readonly state = new ViewState();
  private readonly masks = new Masks();
  private readonly hands: Hands;
  private readonly gestures: Gestures;
  private marks: readonly Mark[] = [];
  private theme: Theme = THEMES.dark;
  private smooth = false;
  private frame = 0;
  private loading = new AbortController();

  constructor(private readonly stage: Stage) {
    stage.onChange = () => this.arrange();
    stage.onLost = () => this.onLost();
    this.hands = new Hands(this.state, {
      pointer: (event) => this.onPointer(event),
      moved: () => this.moved(),
      windowed: () => {
        this.draw();
        this.onWindow(this.state.low, this.state.high);
      },
      changed: () => this.draw(),
    });
    this.gestures = new Gestures(stage.surface, this.hands);
    this.arrange();
  }

  get name(): "niivue" | "canvas" {
    return this.stage.name;
  }

  async load(picture: Picture, labels: Uint8Array): Promise<void> {
    this.loading.abort();
    const { signal } = (this.loading = new AbortController());
    const response = await fetch(picture.url, { signal, credentials: "same-origin" });
    if (!response.ok) throw new Error(`The image could not be loaded: the server answered ${response.status}.`);
    const volume = parseNifti(await response.arrayBuffer());
    signal.throwIfAborted();
    const grid = makeGrid(picture);
    if (volume.shape.some((n, i) => n !== grid.shape[i])) {
      throw new Error(`The image has ${volume.shape.join(" x ")} voxels; announced were ${grid.shape.join(" x ")}.`);
    }
    const open = { grid, volume, plane: picture.plane, labels: new LabelVolume(grid.shape, labels.slice()) };
    await this.stage.load(volume, grid);
    signal.throwIfAborted();
    this.state.show(open);
    this.masks.setLabels(open.labels);
    this.marks = [];
    this.arrange();
    this.onCrosshair(this.crosshair());
  }

  setColours(colours: Map<number, string>): void {
    this.masks.setColours(colours);
    this.draw();
  }

  setLook(look: { opacity: number; outline: boolean; smooth: boolean }): void {
    this.masks.look = { opacity: clamp(look.opacity, 0, 1), outline: look.outline };
    this.smooth = look.smooth;
    this.draw();
  }

  patch(patches: LabelPatch[]): void {
    for (const patch of patches) this.state.open?.labels.patch(patch);
    this.draw();
  }

  preview(patch: LabelPatch | null, colour: string): void {
    if (patch && this.state.open) checkPatch(this.state.open.grid.shape, patch);
    this.masks.setPreview(patch, colour);
    this.draw();
  }

  setWindow(low: number, high: number): void {
    this.state.setWindow(low, high);
    this.draw();
  }

  window(): { low: number; high: number; min: number; max: number } {
    const { low, high, open } = this.state;
    return { low, high, min: open?.volume.min ?? 0, max: open?.volume.max ?? 1 };
  }

  setLayout(layout: Layout): void {
    this.state.layout = layout;
    this.arrange();
  }

  moveTo(mm: Mm): void {
    const { open } = this.state;
    if (!open) return;
    this.state.moveTo(toVoxel(open.grid, mm));
    this.moved();
    this.hands.again();
  }

  crosshair(): Mm {
    const { open, cross } = this.state;
    return open ? toMm(open.grid, cross) : [0, 0, 0];
  }

  step(plane: Plane, slices: number): void {
    this.state.step(plane, slices);
    this.moved();
    this.hands.again();
  }

  // Without a place about which: the crosshair stays where it is.
  zoom(factor: number, about?: Mm): void {
    const { open, camera, cross } = this.state;
    if (!open) return;
    this.state.camera = zoomed(open.grid, camera, factor, about ? toVoxel(open.grid, about) : cross);
    this.shifted();
  }

  pan(dx: number, dy: number): void {
    const { open, camera, activeTile } = this.state;
    if (!open || !activeTile) return;
    this.state.camera = panned(open.grid, camera, activeTile, dx, dy);
    this.shifted();
  }

  fit(): void {
    if (this.state.open) this.state.camera = fitted(this.state.open.grid);
    this.shifted();
  }

  setMarks(marks: Mark[]): void {
    this.marks = [...marks];
    this.draw();
  }

  setTheme(theme: "dark" | "light"): void {
    this.theme = THEMES[theme];
    this.draw();
  }

  setCursor(cursor: string): void {
    this.stage.surface.style.cursor = cursor;
  }

  valueAt(mm: Mm): { voxel: [number, number, number]; value: number[] } | null {
    const { open } = this.state;
    if (!open) return null;
    const exact = toVoxel(open.grid, mm);
    if (!contains(open.grid, exact)) return null;
    const voxel = exact.map((v) => Math.round(v) || 0) as Triple; // no -0
    return { voxel, value: valueOf(open.volume, voxel) };
  }

  setMode(mode: "draw" | "look"): void {
    this.state.mode = mode;
    this.draw();
  }

  resize(): void {
    this.stage.resize();
  }

  dispose(): void {
    this.loading.abort();
    cancelAnimationFrame(this.frame);
    this.gestures.dispose();
    this.stage.dispose();
  }

  private arrange(): void {
    this.state.arrange(this.stage.width, this.stage.height);
    this.shifted();
  }

  // The image lies elsewhere on the screen, below a pointer that rests.
  private shifted(): void {
    this.draw();
    this.hands.again();
  }

  private moved(): void {
    this.draw();
    this.onCrosshair(this.crosshair());
  }

  // All changes before the next frame are drawn in one go.
  private draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { open, tiles, camera, slices, low, high, mode, cross } = this.state;
    if (!open) return;
    const { smooth, masks, marks, theme, stage } = this;
    const scene = { grid: open.grid, tiles, camera, slices, low, high, smooth, background: theme.background };
    stage.draw(scene);
    drawOverlay(stage.context, stage.ratio, { scene, crosshair: cross, masks, marks, theme, quiet: mode === "draw" });
  }
}
