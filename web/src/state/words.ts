// Things said in words.
import type { Edit, ObjectState } from "../api/messages";
import type { Mm, Plane } from "../viewer/types";

const KINDS: Record<Edit["kind"], string> = {
  "add-object": "New object",
  "remove-object": "Delete object",
  relabel: "Another label",
  ask: "Prompts",
  paint: "Brush",
  propagate: "To the whole volume",
  clear: "Clear",
  propose: "Take the proposal",
  mark: "Status and note",
  undo: "Undo",
  redo: "Redo",
};

export function nameOf(edit: Edit, objects: readonly ObjectState[]): string {
  const kind = edit.kind === "paint" && edit.erase ? "Eraser" : KINDS[edit.kind];
  if (!("object" in edit) || !edit.object) return kind;
  const label = objects.find((one) => one.object === edit.object)?.label;
  return `${kind}: ${label ?? "object"} ${edit.object}`;
}

/** "R 12.3  A 4.0  S -1.5", with the letter of the side on which the place lies. */
export function placeWords(mm: Mm, unit: "mm" | "px"): string {
  if (unit === "px") return `x ${Math.abs(mm[0]).toFixed(0)}  y ${Math.abs(mm[1]).toFixed(0)}`;
  const letters = [
    ["R", "L"],
    ["A", "P"],
    ["S", "I"],
  ] as const;
  return mm.map((value, axis) => `${letters[axis]![value < 0 ? 1 : 0]} ${Math.abs(value).toFixed(1)}`).join("  ");
}

export function sizeWords(object: ObjectState, unit: "mm" | "px"): string {
  if (!object.voxels) return "empty";
  if (object.volume_ml === null) return `${object.voxels.toLocaleString("en")} px`;
  return unit === "mm" ? `${amount(object.volume_ml)} ml` : `${object.voxels} voxels`;
}

/** What all objects of a label measure together. */
export function totalWords(objects: readonly ObjectState[], unit: "mm" | "px"): string {
  const voxels = objects.reduce((sum, one) => sum + one.voxels, 0);
  const known = objects.every((one) => one.volume_ml !== null);
  const volume_ml = known ? objects.reduce((sum, one) => sum + one.volume_ml!, 0) : null;
  return voxels ? `${sizeWords({ ...objects[0]!, voxels, volume_ml }, unit)} in ${objects.length}` : "";
}

export function extentWords(object: ObjectState, unit: "mm" | "px"): string {
  const extent = object.extent?.map((size) => (unit === "mm" ? amount(size) : size.toFixed(0)));
  if (!extent) return "";
  return `${(unit === "px" ? extent.slice(0, 2) : extent).join(" × ")} ${unit}`;
}

export function amount(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

export function capital(plane: Plane): string {
  return plane.charAt(0).toUpperCase() + plane.slice(1);
}

export function minutesWords(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
