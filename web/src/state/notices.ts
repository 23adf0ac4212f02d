// Short sentences that come and go. Errors stay until they are closed.
import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  kind: "done" | "warning" | "error";
  sentence: string;
}

const SECONDS = { done: 4, warning: 9, error: null };

export class Notices {
  readonly shown = signal<readonly Notice[]>([]);
  /** What a screen reader is told, without anything being shown. */
  readonly said = signal("");
  private last = 0;

  say(sentence: string): void {
    this.said.value = sentence;
  }

  show(kind: Notice["kind"], sentence: string): void {
    const id = ++this.last;
    const others = this.shown.value.filter((one) => one.sentence !== sentence);
    this.shown.value = [...others, { id, kind, sentence }].slice(-4);
    this.say(sentence);
    const seconds = SECONDS[kind];
    if (seconds) setTimeout(() => this.close(id), seconds * 1000);
  }

  close(id: number): void {
    this.shown.value = this.shown.value.filter((one) => one.id !== id);
  }
}
