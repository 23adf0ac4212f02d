// All that was said about one object on one slice: pure changes of it, and what waits to be sent laid over what is known.
import type { Asked, Edit, ObjectState, Prompts } from "../api/messages";
import type { Mark, Mm, Plane } from "../viewer/types";
import type { Grid } from "./geometry";

export const NOTHING: Prompts = { points: [], scribbles: [], box: null, lasso: [] };

export interface Place {
  object: number;
  plane: Plane;
  index: number;
}

export function here(asked: readonly Asked[], place: Place): Prompts {
  return asked.find((one) => same(one, place))?.prompts ?? NOTHING;
}

export function same(one: Place, other: Place): boolean {
  return one.object === other.object && one.plane === other.plane && one.index === other.index;
}

export function isEmpty(prompts: Prompts): boolean {
  return !prompts.points.length && !prompts.scribbles.length && !prompts.box && !prompts.lasso.length;
}

export function withPoint(prompts: Prompts, at: Mm, positive: boolean): Prompts {
  return { ...prompts, points: [...prompts.points, { at, positive }] };
}

export function withBox(prompts: Prompts, a: Mm, b: Mm): Prompts {
  return { ...prompts, box: { a, b } };
}

export function withScribble(prompts: Prompts, path: Mm[], positive: boolean): Prompts {
  return { ...prompts, scribbles: [...prompts.scribbles, { path, positive }] };
}

export function withLasso(prompts: Prompts, lasso: Mm[]): Prompts {
  return { ...prompts, lasso };
}

/** Some place of the prompts: it says which slice they lie on. */
export function placeOf(prompts: Prompts): Mm | null {
  return prompts.points[0]?.at ?? prompts.box?.a ?? prompts.scribbles[0]?.path[0] ?? prompts.lasso[0] ?? null;
}

/** What will be asked when all edits that wait have been done, as far as it is known before. */
export function foreseen(asked: readonly Asked[], waiting: readonly Edit[], grid: Grid): Asked[] {
  let now = [...asked];
  for (const edit of waiting) {
    if (edit.kind === "ask") {
      const at = placeOf(edit.prompts);
      const place = { object: edit.object, plane: edit.plane, index: at ? grid.slice(edit.plane, at) : -1 };
      now = [...now.filter((one) => !same(one, place)), { ...place, prompts: edit.prompts }];
    } else if (edit.kind === "remove-object") {
      now = now.filter((one) => one.object !== edit.object);
    } else if (edit.kind === "clear") {
      const { object, plane = "axial", at } = edit;
      const place = at ? { object, plane, index: grid.slice(plane, at) } : null;
      now = now.filter((one) => (place ? !same(one, place) : one.object !== object));
    }
  }
  return now;
}

/** Objects with those that are being added; they have no voxels yet. */
export function foreseenObjects(
  objects: readonly ObjectState[],
  waiting: readonly Edit[],
  colourOf: (label: string) => string,
): ObjectState[] {
  let now = [...objects];
  for (const edit of waiting) {
    if (edit.kind === "add-object" && edit.object && !now.some((one) => one.object === edit.object)) {
      const { object, label } = edit;
      now.push({ object, label, colour: colourOf(label), voxels: 0, volume_ml: null, extent: null, slices: {} });
    } else if (edit.kind === "remove-object") {
      now = now.filter((one) => one.object !== edit.object);
    } else if (edit.kind === "relabel") {
      now = now.map((one) => (one.object === edit.object ? { ...one, label: edit.label } : one));
    }
  }
  return now.toSorted((one, other) => one.object - other.object);
}

export function marksOf(asked: readonly Asked[]): Mark[] {
  return asked.flatMap(({ plane, prompts }) => [
    ...prompts.points.map(({ at, positive }): Mark => ({ kind: "point", at, positive, plane })),
    ...prompts.scribbles.map(({ path, positive }): Mark => ({ kind: "line", path, positive, plane })),
    ...(prompts.box ? [{ kind: "box", ...prompts.box, plane } satisfies Mark] : []),
    ...(prompts.lasso.length ? [{ kind: "line", path: prompts.lasso, plane, closed: true } satisfies Mark] : []),
  ]);
}
