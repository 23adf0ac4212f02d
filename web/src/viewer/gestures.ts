// Mouse, pen, fingers and wheel become what they mean here. Positions are CSS pixels from the viewer's corner.
//
//   primary button  the tool ("draw") or the crosshair ("look")
//   middle button, or primary with the space bar held   moves the image
//   right button    dragged, window: across for its width, up and down for its level; only clicked, it is the tool's
//   wheel           slices; with ctrl (and pinched on a trackpad) zoom about the pointer
//   two fingers     zoom and move; what a first finger had begun to draw is cancelled

export type ToolPhase = "down" | "move" | "up" | "cancel" | "hover" | "leave";

export interface GestureTarget {
  mode(): "draw" | "look";
  // False: nothing begins here.
  tool(phase: ToolPhase, event: PointerEvent, x: number, y: number): boolean;
  look(x: number, y: number, begins: boolean): void;
  pan(x: number, y: number, dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  window(dx: number, dy: number): void;
  scroll(x: number, y: number, slices: number): void;
}

// "right": the right button is held, and has not moved far enough for a drag.
type Action = "tool" | "look" | "pan" | "right" | "window" | "pinch";

const STILL = 4; // CSS pixels that a click may tremble

// Wheel distance of one slice: a notch of a mouse is 100 or more, a trackpad sends many small ones.
const NOTCH = 60;

export class Gestures {
  private action: Action | null = null;
  private pointers = new Map<number, [number, number]>();
  private last: [number, number] = [0, 0];
  private first: [number, number] = [0, 0];
  private space = false;
  private wheel = 0;
  private readonly off = new AbortController();

  constructor(
    private readonly element: HTMLElement,
    private readonly target: GestureTarget,
  ) {
    const { signal } = this.off;
    element.style.touchAction = "none";
    element.addEventListener("pointerdown", this.down, { signal });
    element.addEventListener("pointermove", this.move, { signal });
    element.addEventListener("pointerup", this.up, { signal });
    element.addEventListener("pointercancel", this.cancel, { signal });
    element.addEventListener("pointerleave", this.leave, { signal });
    element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    element.addEventListener("wheel", this.scroll, { signal, passive: false });
    addEventListener("keydown", (event) => this.key(event, true), { signal });
    addEventListener("keyup", (event) => this.key(event, false), { signal });
    addEventListener("blur", () => (this.space = false), { signal });
  }

  dispose(): void {
    this.off.abort();
  }

  private at(event: MouseEvent): [number, number] {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private readonly down = (event: PointerEvent): void => {
    const place = this.at(event);
    if (event.pointerType === "touch") {
      this.pointers.set(event.pointerId, place);
      if (this.pointers.size === 2) return this.pinch(event, place);
    }
    if (this.action) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.last = this.first = place;
    if (event.button === 1 || (event.button === 0 && this.space)) this.action = "pan";
    else if (event.button === 2) this.action = "right";
    else if (this.target.mode() === "draw") this.action = this.target.tool("down", event, ...place) ? "tool" : null;
    else this.action = "look";
    if (this.action === "look") this.target.look(...place, true);
  };

  private pinch(event: PointerEvent, place: [number, number]): void {
    if (this.action === "tool") this.target.tool("cancel", event, ...place);
    this.action = "pinch";
  }

  private readonly move = (event: PointerEvent): void => {
    const place = this.at(event);
    const [dx, dy] = [place[0] - this.last[0], place[1] - this.last[1]];
    if (this.action === "pinch") return this.pinched(event, place);
    const far = Math.hypot(place[0] - this.first[0], place[1] - this.first[1]) > STILL;
    if (this.action === "right" && far) this.action = "window";
    if (this.action === "right") return;
    this.last = place;
    if (this.action === "pan") this.target.pan(...place, dx, dy);
    else if (this.action === "window") this.target.window(dx, dy);
    else if (this.action === "look") this.target.look(...place, false);
    else if (this.action === "tool") {
      // All places since the last frame, so that a quick line has no corners.
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const step of steps.length > 0 ? steps : [event]) this.target.tool("move", step, ...this.at(step));
    } else if (event.pointerType !== "touch") this.target.tool("hover", event, ...place);
  };

  private pinched(event: PointerEvent, place: [number, number]): void {
    const before = this.pointers.get(event.pointerId);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!before || !other) return;
    this.pointers.set(event.pointerId, place);
    const apart = (p: [number, number]) => Math.max(Math.hypot(p[0] - other[0], p[1] - other[1]), 1);
    const [dx, dy] = [(place[0] - before[0]) / 2, (place[1] - before[1]) / 2];
    const middle: [number, number] = [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
    this.target.pan(...middle, dx, dy);
    this.target.zoom(apart(place) / apart(before), ...middle);
  }

  private readonly up = (event: PointerEvent): void => this.end(event, "up");

  private readonly cancel = (event: PointerEvent): void => this.end(event, "cancel");

  private end(event: PointerEvent, phase: "up" | "cancel"): void {
    this.pointers.delete(event.pointerId);
    if (this.action === "pinch") {
      if (this.pointers.size === 0) this.action = null;
      return;
    }
    const action = this.action;
    this.action = null;
    if (action === "tool") this.target.tool(phase, event, ...this.at(event));
    const click = action === "right" && phase === "up" && this.target.mode() === "draw";
    if (click && this.target.tool("down", event, ...this.first)) this.target.tool("up", event, ...this.first);
  }

  private readonly leave = (event: PointerEvent): void => {
    if (!this.action) this.target.tool("leave", event, ...this.at(event));
  };

  private readonly scroll = (event: WheelEvent): void => {
    event.preventDefault();
    const place = this.at(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 40;
    const distance = (event.deltaY || event.deltaX) * lines;
    if (event.ctrlKey || event.metaKey) {
      this.target.zoom(Math.exp(-Math.max(-200, Math.min(200, distance)) / 400), ...place);
      return;
    }
    if (Math.sign(distance) !== Math.sign(this.wheel)) this.wheel = 0;
    this.wheel += distance;
    const slices = Math.trunc(this.wheel / NOTCH);
    if (slices === 0) return;
    this.wheel = Math.abs(distance) >= NOTCH ? 0 : this.wheel - slices * NOTCH;
    // A notch is one slice, however far the system says it goes; turning towards oneself goes down.
    this.target.scroll(...place, Math.abs(distance) >= NOTCH ? -Math.sign(distance) : -slices);
  };

  private key(event: KeyboardEvent, held: boolean): void {
    if (event.code !== "Space") return;
    const focus = event.target instanceof Element ? event.target : null;
    if (held && !this.element.matches(":hover")) return;
    if (held && focus?.closest("input, textarea, select, button, a, [role=button], [contenteditable]")) return;
    if (held) event.preventDefault(); // the page would scroll
    this.space = held;
  }
}
