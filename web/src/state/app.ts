// All stores of the page, and how they hang together. One is made at the start and passed around.
import { computed, signal } from "@preact/signals";
import type { Api } from "../api/client";
import type { Label, LearnState, ModelState, Session } from "../api/messages";
import type { Mark, Viewer } from "../viewer/types";
import { toolNamed } from "../tools";
import type { Tool } from "../tools/tool";
import { Cases } from "./cases";
import { Documents } from "./document";
import { Notices } from "./notices";
import { Outbox, type OutboxHooks, type Refusal } from "./outbox";
import { foreseen, foreseenObjects, here, isEmpty, type Place } from "./prompts";
import { View } from "./view";

const GREY = "#9aa4b2";

export class App {
  readonly notices = new Notices();
  readonly cases = new Cases();
  readonly doc = new Documents();
  readonly view = new View();
  readonly outbox: Outbox;

  readonly session = signal<Session | null>(null);
  readonly labels = signal<readonly Label[]>([]);
  readonly model = signal<ModelState | null>(null);
  readonly learn = signal<LearnState | null>(null);
  /** Whether the socket of events is open. */
  readonly online = signal(true);
  readonly fatal = signal<string | null>(null);
  readonly refusal = signal<Refusal | null>(null);
  readonly progress = signal<{ case: string; done: number; total: number } | null>(null);
  readonly viewer = signal<Viewer | null>(null);
  /** What a gesture draws that is not known to the server yet. */
  readonly draft = signal<readonly Mark[]>([]);
  readonly noteDraft = signal<{ case: string; note: string } | null>(null);
  readonly addingLabel = signal(false);

  readonly waiting = computed(() => {
    const id = this.doc.detail.value?.case;
    return this.outbox.entries.value.filter((entry) => entry.case === id).map((entry) => entry.edit);
  });
  readonly asked = computed(() => {
    const detail = this.doc.detail.value;
    return detail && this.doc.grid ? foreseen(detail.asked, this.waiting.value, this.doc.grid) : [];
  });
  readonly objects = computed(() =>
    foreseenObjects(this.doc.detail.value?.objects ?? [], this.waiting.value, (label) => this.colourOf(label)),
  );
  readonly active = computed(() => this.objects.value.find((one) => one.object === this.view.object.value) ?? null);
  /** The slice that keys act on. */
  readonly place = computed((): Place | null => {
    const { grid } = this.doc;
    if (!this.doc.detail.value || !grid || !this.active.value) return null;
    const plane = this.view.plane.value;
    return { object: this.active.value.object, plane, index: grid.slice(plane, this.view.crosshair.value) };
  });
  readonly prompted = computed(() => {
    const place = this.place.value;
    return !!place && !isEmpty(here(this.asked.value, place));
  });
  readonly tool = computed(() => toolNamed(this.view.tool.value ?? (this.knows("points") ? "point" : "box")));
  /** Whether the model works on something that was asked here. */
  readonly asking = computed(() => {
    const sending = new Set(this.outbox.sending.value);
    const entry = this.outbox.entries.value.find(
      (one) => sending.has(one.id) && one.case === this.doc.detail.value?.case,
    );
    return entry && (entry.edit.kind === "ask" || entry.edit.kind === "propagate") ? entry.edit.kind : null;
  });
  readonly unsaved = computed(() => this.outbox.count.value > 0 || this.noteDraft.value !== null);

  constructor(
    readonly api: Api,
    hooks: (app: App) => OutboxHooks,
  ) {
    this.outbox = new Outbox(hooks(this));
  }

  /** Whether the model was trained with such prompts. */
  knows(prompt: Tool["needs"]): boolean {
    return !prompt || !this.model.value || this.model.value.prompts.includes(prompt);
  }

  colourOf(label: string): string {
    return this.labels.value.find((one) => one.name === label)?.colour ?? GREY;
  }
}
