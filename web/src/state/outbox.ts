// Edits on their way to the server: one after the other for each case, kept until the server has them on disk.
//
// An edit leaves the box when it was answered, refused, or taken out for a person to decide (a conflict). While the server
// is busy or away it stays, and is sent again under the same name, so that it is never done twice.
import { computed, signal } from "@preact/signals";
import { ServerError, sentence, Unreachable } from "../api/errors";
import type { Conflict, Edit, Edited, EditRequest, Failure } from "../api/messages";

export interface Entry {
  readonly case: string;
  readonly id: string;
  readonly edit: Edit;
  /** Whether it may already have reached the server. */
  readonly tried: boolean;
}

export type Trouble =
  | { kind: "busy"; sentence: string; seconds: number }
  | { kind: "away"; sentence: string }
  | { kind: "signed-out"; sentence: string };

export interface Refusal {
  case: string;
  conflict: Conflict;
  edits: Edit[];
}

export interface OutboxHooks {
  send: (id: string, request: EditRequest, stop: AbortSignal) => Promise<Edited>;
  answered: (entry: Entry, edited: Edited) => Promise<void> | void;
  refused: (entry: Entry, failure: Failure) => void;
  conflicted: (refusal: Refusal) => void;
  /** Resolves when it is worth trying again. */
  pause: (milliseconds: number) => Promise<void>;
  name: () => string;
}

const LONGEST_PAUSE = 8000;

export class Outbox {
  readonly entries = signal<readonly Entry[]>([]);
  readonly sending = signal<readonly string[]>([]);
  readonly trouble = signal<Trouble | null>(null);
  readonly count = computed(() => this.entries.value.length);
  private readonly revisions = new Map<string, number>();
  private readonly running = new Set<string>();
  private readonly stops = new Map<string, AbortController>();
  private wake: (() => void)[] = [];

  constructor(private readonly hooks: OutboxHooks) {}

  /** The revision of a case that the page knows: from its detail, or from the last answer. */
  know(id: string, revision: number): void {
    this.revisions.set(id, revision);
    void this.pump(id);
  }

  revision(id: string): number | undefined {
    return this.revisions.get(id);
  }

  waiting(id: string): Entry[] {
    return this.entries.value.filter((entry) => entry.case === id);
  }

  put(id: string, edit: Edit, takesPlaceOf?: (earlier: Edit) => boolean): void {
    const last = this.waiting(id).at(-1);
    const entry: Entry = { case: id, id: this.hooks.name(), edit, tried: false };
    const replaced = last && !last.tried && takesPlaceOf?.(last.edit) ? last : null;
    this.entries.value = [...this.entries.value.filter((one) => one !== replaced), entry];
    void this.pump(id);
  }

  /** Stop what is being sent for a case; it leaves the box. */
  stop(id: string): void {
    this.stops.get(id)?.abort();
  }

  /** The server is back: whatever waits is tried at once. */
  retry(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const go of waiting) go();
    if (this.trouble.value?.kind === "signed-out") this.trouble.value = null;
    for (const id of new Set(this.entries.value.map((entry) => entry.case))) void this.pump(id);
  }

  private async pump(id: string): Promise<void> {
    if (this.running.has(id)) return;
    this.running.add(id);
    let failures = 0;
    try {
      for (let entry = this.next(id); entry; entry = this.next(id)) {
        if (await this.deliver(entry)) failures = 0;
        else if (this.trouble.value?.kind === "signed-out") return;
        else await this.wait(failures++);
      }
    } finally {
      this.running.delete(id);
    }
  }

  private next(id: string): Entry | undefined {
    return this.revisions.has(id) ? this.entries.value.find((entry) => entry.case === id) : undefined;
  }

  /** Whether the entry has left the box. */
  private async deliver(entry: Entry): Promise<boolean> {
    const stop = new AbortController();
    const sent = { ...entry, tried: true };
    this.stops.set(entry.case, stop);
    this.entries.value = this.entries.value.map((one) => (one.id === entry.id ? sent : one));
    this.sending.value = [...this.sending.value, entry.id];
    try {
      const revision = this.revisions.get(entry.case)!;
      const request: EditRequest = { revision, request: entry.id, edit: entry.edit };
      const edited = await this.hooks.send(entry.case, request, stop.signal);
      this.trouble.value = null;
      this.know(entry.case, edited.revision);
      await this.hooks.answered(sent, edited);
      this.leave([sent]);
      return true;
    } catch (error) {
      return this.failed(sent, error, stop.signal.aborted);
    } finally {
      this.sending.value = this.sending.value.filter((one) => one !== entry.id);
    }
  }

  private failed(entry: Entry, error: unknown, stopped: boolean): boolean {
    if (error instanceof Unreachable) {
      this.trouble.value = { kind: "away", sentence: error.message };
      return false;
    }
    if (error instanceof ServerError && !stopped) {
      if (error.busy) {
        this.trouble.value = { kind: "busy", sentence: error.message, seconds: error.retryAfter ?? 1 };
        return false;
      }
      if (error.signedOut) {
        this.trouble.value = { kind: "signed-out", sentence: error.message };
        return false;
      }
      if (error.conflict) return this.conflicted(entry.case, error.conflict);
    }
    this.trouble.value = null;
    this.leave([entry]);
    const failure =
      error instanceof ServerError ? error.failure : { error: "Page", sentence: sentence(error), request: "" };
    this.hooks.refused(entry, stopped ? { ...failure, error: "Stopped", sentence: "Stopped." } : failure);
    return true;
  }

  private conflicted(id: string, conflict: Conflict): boolean {
    const edits = this.waiting(id);
    this.trouble.value = null;
    this.leave(edits);
    this.revisions.delete(id);
    this.hooks.conflicted({ case: id, conflict, edits: edits.map((entry) => entry.edit) });
    return true;
  }

  private leave(entries: readonly Entry[]): void {
    const gone = new Set(entries.map((entry) => entry.id));
    this.entries.value = this.entries.value.filter((one) => !gone.has(one.id));
  }

  private wait(failures: number): Promise<void> {
    const trouble = this.trouble.value;
    const doubled = Math.min(500 * 2 ** failures, LONGEST_PAUSE);
    const pause = trouble?.kind === "busy" ? Math.min(trouble.seconds * 1000, LONGEST_PAUSE) : doubled;
    return Promise.race([this.hooks.pause(pause), new Promise<void>((resolve) => this.wake.push(resolve))]);
  }
}
