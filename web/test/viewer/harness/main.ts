// A page with nothing but the viewer, for tests/annotate/browser/test_viewer.py. The picture and its labels are served
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
}

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
