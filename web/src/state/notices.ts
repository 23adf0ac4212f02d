// Short sentences that come and go. Errors stay until they are closed.
import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  kind: "done" | "warning" | "error";
  sentence: string;
  /** What can be done about it; such a notice stays until it is done or closed. */
  action: Action | null;
}

export interface Action {
  words: string;
  act: () => void;
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

  show(kind: Notice["kind"], sentence: string, action: Action | null = null): void {
    const id = ++this.last;
    const others = this.shown.value.filter((one) => one.sentence !== sentence);
    this.shown.value = [...others, { id, kind, sentence, action }].slice(-4);
    this.say(sentence);
    const seconds = SECONDS[kind];
    if (seconds && !action) setTimeout(() => this.close(id), seconds * 1000);
  }

  close(id: number): void {
    this.shown.value = this.shown.value.filter((one) => one.id !== id);
  }
}
