// A mask while a box is being dragged: one question at a time, the latest one next, and none where the machine is too slow.
import type { Prompts } from "../api/messages";
import type { LabelPatch } from "../viewer/types";
import type { Place } from "./prompts";

/** Where an answer takes longer than this, a preview is in the way. */
const SLOW = 900;
const REST = 4000;

export interface PreviewHooks {
  send: (place: Place, prompts: Prompts, stop: AbortSignal) => Promise<LabelPatch | null>;
  show: (patch: LabelPatch | null, place: Place | null) => void;
  now?: () => number;
}

export class Previews {
  private next: { place: Place; prompts: Prompts } | null = null;
  private stop: AbortController | null = null;
  private restUntil = 0;
  private readonly now: () => number;

  constructor(private readonly hooks: PreviewHooks) {
    this.now = hooks.now ?? (() => performance.now());
  }

  ask(place: Place, prompts: Prompts): void {
    if (this.now() < this.restUntil) return;
    this.next = { place, prompts };
    if (!this.stop) void this.run();
  }

  /** The gesture is over: whatever arrives now is not shown. */
  end(): void {
    this.next = null;
    this.stop?.abort();
    this.stop = null;
    this.hooks.show(null, null);
  }

  private async run(): Promise<void> {
    const stop = (this.stop = new AbortController());
    while (this.next && !stop.signal.aborted) {
      const { place, prompts } = this.next;
      this.next = null;
      const began = this.now();
      try {
        const patch = await this.hooks.send(place, prompts, stop.signal);
        if (!stop.signal.aborted && patch) this.hooks.show(patch, place);
      } catch {
        // A preview that fails is not missed: the question itself is asked at the end.
        this.restUntil = this.now() + REST;
      }
      if (this.now() - began > SLOW) this.restUntil = this.now() + REST;
    }
    if (this.stop === stop) this.stop = null;
  }
}
