// The case that is open: what the server said of it last, and its label array.
import { signal } from "@preact/signals";
import type { Answer, CaseDetail, Edited } from "../api/messages";
import type { LabelPatch } from "../viewer/types";
import { Grid } from "./geometry";
import { cut, drawStroke, type Stroke, write } from "./stroke";

export class Documents {
  readonly detail = signal<CaseDetail | null>(null);
  /** The case that is being read; null when it is there. */
  readonly loading = signal<string | null>(null);
  readonly failed = signal<{ case: string; sentence: string } | null>(null);
  readonly answer = signal<Answer | null>(null);
  grid: Grid | null = null;
  /** The label array as the server has it. */
  labels: Uint8Array = new Uint8Array();
  /** The label array as it is shown: with strokes that the server does not know yet. */
  shown: Uint8Array = new Uint8Array();

  get id(): string | null {
    return this.detail.value?.case ?? null;
  }

  show(detail: CaseDetail, labels: Uint8Array): void {
    const voxels = detail.shape[0] * detail.shape[1] * detail.shape[2];
    if (labels.length !== voxels) {
      throw new Error(`The label array has ${labels.length} bytes, the image ${voxels} voxels.`);
    }
    this.grid = new Grid(detail.shape, detail.affine);
    this.labels = labels;
    this.shown = labels.slice();
    this.answer.value = null;
    this.failed.value = null;
    this.detail.value = detail;
  }

  close(): void {
    this.detail.value = null;
    this.answer.value = null;
    this.grid = null;
    this.labels = this.shown = new Uint8Array();
  }

  /** Whether an answer is the next one of the case that is open: others are about something that is not shown. */
  follows(id: string, edited: Edited): boolean {
    const detail = this.detail.value;
    return detail?.case === id && edited.revision > detail.revision;
  }

  apply(edited: Edited, patches: readonly LabelPatch[]): void {
    const detail = this.detail.value;
    if (!detail || !this.grid) return;
    for (const patch of patches) write(this.labels, this.grid, patch);
    const { revision, undo, redo, status, note, objects, asked } = edited;
    this.detail.value = { ...detail, revision, undo, redo, status, note, objects, asked };
    if (edited.answer || patches.length) this.answer.value = edited.answer;
  }

  /** Draw a stroke into what is shown; returns the part that changed. */
  draw(stroke: Stroke): LabelPatch | null {
    return this.grid && drawStroke(this.shown, this.grid, stroke);
  }

  /** Show the truth again in some places, and the strokes that still wait on top of it. Returns what changed. */
  settle(places: readonly LabelPatch[], waiting: readonly Stroke[]): LabelPatch[] {
    const { grid } = this;
    if (!grid) return [];
    const truth = places.map((place) => cut(this.labels, grid, place.low, place.shape));
    for (const patch of truth) write(this.shown, grid, patch);
    return [...truth, ...waiting.map((stroke) => this.draw(stroke)).filter((patch) => patch !== null)];
  }
}
