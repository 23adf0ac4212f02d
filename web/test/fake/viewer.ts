// A viewer without pixels: it remembers what it was told.
import type { LabelPatch, Mark, Mm, Picture, Plane, Viewer } from "../../src/viewer/types";
import { Grid, NORMAL } from "../../src/state/geometry";

export class FakeViewer implements Viewer {
  readonly name = "canvas" as const;
  picture: Picture | null = null;
  labels: Uint8Array = new Uint8Array();
  colours = new Map<number, string>();
  marks: Mark[] = [];
  previews: (LabelPatch | null)[] = [];
  mode: "draw" | "look" = "look";
  at: Mm = [0, 0, 0];
  look = { opacity: 1, outline: false };
  shown = { low: 0, high: 100 };
  grid!: Grid;
  onPointer: Viewer["onPointer"] = () => {};
  onCrosshair: Viewer["onCrosshair"] = () => {};
  onWindow: Viewer["onWindow"] = () => {};
  onLost: Viewer["onLost"] = () => {};

  load(picture: Picture, labels: Uint8Array): Promise<void> {
    this.picture = picture;
    this.labels = labels.slice();
    this.grid = new Grid(picture.shape, picture.affine);
    this.at = this.grid.middle;
    return Promise.resolve();
  }

  patch(patches: LabelPatch[]): void {
    for (const { low, shape, values } of patches) {
      values.forEach((value, at) => {
        const x = low[0] + (at % shape[0]);
        const y = low[1] + (Math.floor(at / shape[0]) % shape[1]);
        const z = low[2] + Math.floor(at / (shape[0] * shape[1]));
        this.labels[this.grid.offset([x, y, z])] = value;
      });
    }
  }

  moveTo(mm: Mm): void {
    this.at = mm;
    this.onCrosshair(mm);
  }

  step(plane: Plane, slices: number): void {
    const move: [number, number, number] = [0, 0, 0];
    move[NORMAL[plane]] = slices;
    this.moveTo(this.grid.moved(this.at, move));
  }

  /** Press, move and let go at voxels. */
  drag(plane: Plane, ...voxels: [number, number, number][]): void {
    const say = (type: "down" | "move" | "up", voxel: [number, number, number]) =>
      this.onPointer({
        type,
        mm: this.grid.toMm(voxel),
        plane,
        button: 0,
        shift: false,
        ctrl: false,
        alt: false,
        pressure: 1,
      });
    say("down", voxels[0]!);
    for (const voxel of voxels.slice(1)) say("move", voxel);
    say("up", voxels.at(-1)!);
  }

  setColours(colours: Map<number, string>): void {
    this.colours = colours;
  }
  setMarks(marks: Mark[]): void {
    this.marks = marks;
  }
  preview(patch: LabelPatch | null): void {
    this.previews.push(patch);
  }
  setMode(mode: "draw" | "look"): void {
    this.mode = mode;
  }
  setWindow(low: number, high: number): void {
    this.shown = { low, high };
  }
  window(): ReturnType<Viewer["window"]> {
    return { ...this.shown, min: 0, max: 100 };
  }
  crosshair(): Mm {
    return this.at;
  }
  valueAt(): ReturnType<Viewer["valueAt"]> {
    return { voxel: [0, 0, 0], value: [1] };
  }
  setLook(look: { opacity: number; outline: boolean }): void {
    this.look = look;
  }
  setLayout(): void {}
  zoom(): void {}
  pan(): void {}
  fit(): void {}
  setTheme(): void {}
  setCursor(): void {}
  resize(): void {}
  dispose(): void {}
}
