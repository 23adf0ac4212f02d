// How things are shown and which tool is in hand. Nothing here is part of the labels.
import { signal } from "@preact/signals";
import type { Layout, Mm, Plane } from "../viewer/types";
import { kept } from "./storage";

export type Theme = "auto" | "dark" | "light";

export type Side = "left" | "right";

export interface Look {
  opacity: number;
  outline: boolean;
  smooth: boolean;
}

export class View {
  readonly theme = kept<Theme>("theme", "auto");
  readonly look = kept<Look>("look", { opacity: 0.45, outline: false, smooth: false });
  readonly layout = signal<Layout>("three");
  /** The layout of volumes; pictures have one plane only. */
  readonly volumeLayout = kept<Layout>("layout", "three");
  /** The plane that keys act on: the one pointed at last. */
  readonly plane = signal<Plane>("axial");
  readonly crosshair = signal<Mm>([0, 0, 0]);
  readonly window = signal<{ low: number; high: number } | null>(null);
  /** Name of the window that a person chose, which the next image is shown with where it offers one of that name. */
  readonly preset = signal<string | null>(null);
  readonly hidden = signal<ReadonlySet<number>>(new Set());
  readonly solo = signal(false);

  /** Null until a person took one: then it is one that the model understands. */
  readonly tool = signal<string | null>(null);
  readonly positive = signal(true);
  readonly radius = kept("radius", 4);
  readonly over = signal<"empty" | "all">("empty");
  readonly label = signal<string | null>(null);
  readonly object = signal<number | null>(null);

  private readonly panels = { left: kept("left", true), right: kept("right", true) };
  /** In a small or magnified window one panel at most lies over the image, and none at first. */
  readonly narrow = signal(false);
  private readonly drawer = signal<Side | null>(null);
  readonly singleKeys = kept("single-keys", true);
  readonly dialog = signal<"keys" | null>(null);
  readonly coached = kept("coached", false);

  constructor() {
    const query = globalThis.matchMedia?.(NARROW);
    this.narrow.value = !!query?.matches;
    query?.addEventListener("change", () => (this.narrow.value = query.matches));
  }

  isOpen(side: Side): boolean {
    return this.narrow.value ? this.drawer.value === side : this.panels[side].value;
  }

  open(side: Side, open = true): void {
    if (!this.narrow.value) this.panels[side].value = open;
    else if (open) this.drawer.value = side;
    else if (this.drawer.value === side) this.drawer.value = null;
  }

  /** The image is what comes next: nothing lies over it. */
  uncover(): void {
    this.drawer.value = null;
  }
}

export const NARROW = "(max-width: 1080px)";

export const RADII = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100];

export function nextRadius(radius: number, step: 1 | -1): number {
  const found = step > 0 ? RADII.find((one) => one > radius) : RADII.findLast((one) => one < radius);
  return found ?? radius;
}
