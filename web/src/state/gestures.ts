// From the pointer, or from keys, to the tool in hand.
import type { Gesture, Work } from "../tools/tool";
import type { Mark, Mm, Pointer } from "../viewer/types";
import type { App } from "./app";
import { ask, dab, ensureObject, paint } from "./editing";
import { here, type Place } from "./prompts";
import type { Previews } from "./previews";

const SECONDARY = 2;

export class Gestures {
  private running: { gesture: Gesture; work: Work } | null = null;
  private cursor: Mark[] = [];
  private drawn: Mark[] = [];

  constructor(
    private readonly app: App,
    private readonly previews: Previews,
  ) {}

  get active(): boolean {
    return this.running !== null;
  }

  handle(pointer: Pointer): void {
    this.app.view.plane.value = pointer.plane;
    if (pointer.type === "down") this.down(pointer);
    else if (pointer.type === "move") this.move(pointer);
    else if (pointer.type === "up") this.up(pointer);
    else if (pointer.type === "cancel") this.cancel();
    this.circle(pointer.type === "leave" ? null : pointer);
  }

  /** Escape, another tool, another case. */
  cancel(): void {
    const { running } = this;
    this.running = null;
    running?.gesture.cancel();
    this.previews.end();
    this.drawn = [];
    this.show();
  }

  private down(pointer: Pointer): void {
    this.cancel();
    const { app } = this;
    const tool = app.tool.value;
    const { grid } = app.doc;
    if (!tool.begin || !grid || !grid.contains(grid.toVoxel(pointer.mm))) return;
    const object = ensureObject(app);
    if (object === null) return;
    const work = this.work({ object, plane: pointer.plane, index: grid.slice(pointer.plane, pointer.mm) }, pointer);
    const gesture = tool.begin(work, pointer);
    this.running = gesture && { gesture, work };
  }

  private move(pointer: Pointer): void {
    if (this.running) this.running.gesture.move(this.onSlice(pointer.mm));
  }

  private up(pointer: Pointer): void {
    const { running } = this;
    this.running = null;
    running?.gesture.end(this.onSlice(pointer.mm));
    this.previews.end();
  }

  private onSlice(mm: Mm): Mm {
    return this.app.doc.grid?.clamp(mm) ?? mm;
  }

  private work(place: Place, pointer: Pointer): Work {
    const { app, previews } = this;
    const { view } = app;
    const turned = pointer.alt || pointer.button === SECONDARY;
    const radius = view.radius.value;
    const whole = { object: place.object, plane: place.plane, radius, over: view.over.value };
    return {
      place,
      prompts: here(app.asked.value, place),
      positive: view.positive.value !== turned,
      radius,
      grain: Math.min(...app.doc.grid!.spacing) / 2,
      ask: (prompts) => ask(app, place, prompts),
      preview: (prompts) => previews.ask(place, prompts),
      dab: (stroke) => dab(app, { ...whole, ...stroke }),
      paint: (stroke) => paint(app, { ...whole, ...stroke }),
      draft: (marks) => {
        this.drawn = marks;
        this.show();
      },
    };
  }

  /** The circle of brush and eraser follows the pointer. */
  private circle(pointer: Pointer | null): void {
    const { view } = this.app;
    const { sized } = this.app.tool.value;
    const before = this.cursor.length;
    this.cursor =
      sized && pointer ? [{ kind: "disc", at: pointer.mm, plane: pointer.plane, radius: view.radius.value }] : [];
    if (before || this.cursor.length) this.show();
  }

  private show(): void {
    this.app.draft.value = [...this.drawn, ...this.cursor];
  }
}

/** The tool at the crosshair, by keys: the first press begins, moves of the crosshair go on, the second press ends. */
export class KeyPointer {
  constructor(
    private readonly app: App,
    private readonly gestures: Gestures,
  ) {}

  press(alt: boolean): void {
    const was = this.gestures.active;
    this.gestures.handle(this.pointer(was ? "up" : "down", alt));
    if (!was && !this.gestures.active) this.app.notices.say("Done.");
    else this.app.notices.say(was ? "Ended." : "Begun. Move with shift and the arrow keys, press Enter to end.");
  }

  moved(): void {
    if (this.gestures.active) this.gestures.handle(this.pointer("move", false));
  }

  private pointer(type: Pointer["type"], alt: boolean): Pointer {
    const { crosshair, plane } = this.app.view;
    const keys = { shift: false, ctrl: false, alt };
    return { type, mm: crosshair.value, plane: plane.value, button: 0, ...keys, pressure: 1 };
  }
}
