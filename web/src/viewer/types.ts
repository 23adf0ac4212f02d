// What the page needs of a viewer. Two stand behind it: NiiVue (WebGL 2), and a plain 2D canvas where there is no WebGL.
// Positions are RAS+ mm (px for pictures without millimetres); label arrays lie on the shown grid, first axis fastest.

export type Plane = "axial" | "coronal" | "sagittal";
export type Mm = [number, number, number];

export interface Picture {
  url: string; // NIfTI on the shown grid, this origin
  shape: [number, number, number];
  affine: number[][]; // 4 x 4, voxel centre -> RAS+ mm
  spacing: [number, number, number];
  unit: "mm" | "px";
  colour: boolean; // RGB
  plane: Plane; // the plane to start in: the one it was acquired in
}

export interface LabelPatch {
  low: [number, number, number];
  shape: [number, number, number];
  values: Uint8Array; // object numbers, first axis fastest
}

// Where and how the pointer acts, in "draw". `button` as in PointerEvent: 0 primary, 2 the right one where it was clicked and
// not dragged; `pressure` 0..1 of a pen. `mm` lies in the middle of the slice's thickness and never outside the image.
export interface Pointer {
  type: "down" | "move" | "up" | "cancel" | "hover" | "leave";
  mm: Mm;
  plane: Plane;
  button: number;
  shift: boolean;
  ctrl: boolean;
  alt: boolean;
  pressure: number;
}

// Things drawn over the slices that are not part of the masks: clicks, boxes, lines, the brush's circle.
export type Mark =
  | { kind: "point"; at: Mm; positive: boolean; plane?: Plane }
  | { kind: "box"; a: Mm; b: Mm; plane: Plane; dashed?: boolean }
  | { kind: "line"; path: Mm[]; plane: Plane; closed?: boolean; positive?: boolean; width_mm?: number }
  | { kind: "disc"; at: Mm; plane: Plane; radius: number };

export type Layout = "three" | Plane; // three planes beside each other, or one slice

export interface Viewer {
  readonly name: "niivue" | "canvas";
  // The label array is copied: a patch is seen, and nothing else of the caller's. A later load rejects an earlier one with
  // AbortError.
  load(picture: Picture, labels: Uint8Array): Promise<void>;
  // Labels: object number -> "#rrggbb"; objects that are not listed are hidden.
  setColours(colours: Map<number, string>): void;
  setLook(look: { opacity: number; outline: boolean; smooth: boolean }): void;
  patch(patches: LabelPatch[]): void;
  // A mask that is not kept, shown hatched or lighter in the object's colour; null takes it away.
  preview(patch: LabelPatch | null, colour: string): void;
  setWindow(low: number, high: number): void;
  window(): { low: number; high: number; min: number; max: number };
  setLayout(layout: Layout): void;
  moveTo(mm: Mm): void; // crosshair, and the slices shown
  crosshair(): Mm;
  step(plane: Plane, slices: number): void;
  zoom(factor: number, about?: Mm): void;
  pan(dx: number, dy: number): void; // CSS pixels, in the plane that the pointer was in last
  fit(): void;
  setMarks(marks: Mark[]): void;
  setTheme(theme: "dark" | "light"): void;
  setCursor(cursor: string): void;
  // Which voxel of the shown grid, and its grey value (RGB for colours); null outside.
  valueAt(mm: Mm): { voxel: [number, number, number]; value: number[] } | null;
  // "draw": the primary button belongs to the tool (onPointer), and so does a click of the right one (button 2), which is a
  // "down" and an "up"; "look": it moves the crosshair.
  setMode(mode: "draw" | "look"): void;
  onPointer: (event: Pointer) => void;
  onCrosshair: (mm: Mm) => void; // after every move of it, whoever made it
  onWindow: (low: number, high: number) => void; // after the right button changed it
  onLost: () => void; // the WebGL context went away and did not come back; the 2D canvas goes on
  resize(): void;
  dispose(): void;
}
