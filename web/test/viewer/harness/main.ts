// A page with nothing but the viewer, for tests/annotate/viewer/ and benchmarks/annotate/viewer.py. The picture and its labels are served
// as files beside it.

import { createViewer } from "../../../src/viewer";
import type { Mm, Picture, Pointer, Viewer } from "../../../src/viewer/types";

interface Harness {
  viewer: Viewer;
  pointers: Pointer[];
  crosshairs: Mm[];
  windows: [number, number][];
  lost: number;
  find(name: string): Promise<[Picture, Uint8Array]>;
  open(name: string): Promise<void>;
  frame(): Promise<void>;
  count(turn: keyof typeof TURNS, seconds: number): Promise<number>;
}

// There and back through the slices, so that no frame finds what it needs from the one before.
const step = (n: number) => (n % 40 < 20 ? 1 : -1);

const TURNS = {
  one: (n: number) => viewer.step("axial", step(n)),
  three(n: number) {
    for (const plane of ["axial", "coronal", "sagittal"] as const) viewer.step(plane, step(n));
  },
  window: (n: number) => viewer.setWindow(-500 - (n % 20), 500),
  patch(n: number) {
    const values = new Uint8Array(64 * 64).fill(1 + (n % 3));
    viewer.patch([{ low: [0, 0, 1], shape: [64, 64, 1], values }]);
  },
};

declare global {
  interface Window {
    harness?: Harness;
  }
}

const viewer = await createViewer(document.querySelector<HTMLElement>("#host")!);

const harness: Harness = {
  viewer,
  pointers: [],
  crosshairs: [],
  windows: [],
  lost: 0,
  async find(name) {
    const picture = (await (await fetch(`cases/${name}.json`)).json()) as Picture;
    const labels = await (await fetch(`cases/${name}.labels`)).arrayBuffer();
    return [{ ...picture, url: `cases/${name}.nii` }, new Uint8Array(labels)];
  },
  async open(name) {
    await viewer.load(...(await harness.find(name)));
  },
  // Frames in a second that are drawn one after the other, each after a change.
  async count(turn, seconds) {
    viewer.setLayout(turn === "three" ? "three" : "axial");
    viewer.moveTo(viewer.crosshair());
    await harness.frame();
    const began = performance.now();
    let frames = 0;
    while (performance.now() - began < seconds * 1000) {
      TURNS[turn](frames++);
      await new Promise(requestAnimationFrame);
    }
    return frames / ((performance.now() - began) / 1000);
  },
  async frame() {
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  },
};

viewer.onPointer = (event) => harness.pointers.push(event);
viewer.onCrosshair = (mm) => harness.crosshairs.push(mm);
viewer.onWindow = (low, high) => harness.windows.push([low, high]);
viewer.onLost = () => (harness.lost += 1);
window.harness = harness;
document.documentElement.dataset["ready"] = "";
