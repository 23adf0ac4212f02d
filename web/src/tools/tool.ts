// A tool turns what the pointer does on a slice into prompts or strokes. Adding a tool is adding a file to this folder
// that exports `tool`; the toolbar, the keys and the sheet of keys take it from there.
import type { Prompts } from "../api/messages";
import type { Place } from "../state/prompts";
import type { Stroke } from "../state/stroke";
import type { Mark, Mm, Plane, Pointer } from "../viewer/types";

/** What a tool may do. The controller makes one for each gesture, on one slice and for one object. */
export interface Work {
  readonly place: Place;
  /** What was said about the object on this slice so far. */
  readonly prompts: Prompts;
  /** Whether what is drawn belongs to the object: the switch, turned round by the right button or alt. */
  readonly positive: boolean;
  /** Of the brush, in mm. */
  readonly radius: number;
  /** Half the size of the smallest voxel: closer points of a line say nothing new. */
  readonly grain: number;
  ask(prompts: Prompts): void;
  preview(prompts: Prompts): void;
  dab(stroke: Pick<Stroke, "path" | "erase">): void;
  paint(stroke: Pick<Stroke, "path" | "erase">): void;
  draft(marks: Mark[]): void;
}

export interface Gesture {
  move(at: Mm): void;
  end(at: Mm): void;
  /** Nothing of it counts. */
  cancel(): void;
}

export interface Tool {
  id: string;
  name: string;
  /** What to do with it, shown beside the tools: one sentence. */
  hint: string;
  key: string;
  icon: string;
  /** Place in the toolbar. */
  order: number;
  mode: "draw" | "look";
  cursor: string;
  /** Whether it says something positive or negative, so that the switch is shown. */
  signed?: boolean;
  /** Whether it has a radius. */
  sized?: boolean;
  /** What the model must understand for it; none for tools without the model. */
  needs?: "points" | "box" | "mask";
  /** A press; null where that was all. */
  begin?(work: Work, pointer: Pointer): Gesture | null;
}

export function isFar(one: Mm, other: Mm, distance: number): boolean {
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]) >= distance;
}

/** A line that grows as the pointer moves; it stops growing at `most` points. */
export class Line {
  readonly path: Mm[];

  constructor(
    first: Mm,
    private readonly grain: number,
    private readonly most: number,
  ) {
    this.path = [first];
  }

  /** Whether the point was far enough from the last one. */
  add(at: Mm): boolean {
    if (this.path.length >= this.most || !isFar(at, this.path.at(-1)!, this.grain)) return false;
    this.path.push(at);
    return true;
  }
}

export type { Mark, Mm, Plane, Pointer };
