// Everything that changes a case goes through `edit`.
import { unpackAll } from "../api/patch";
import type { Edit, Edited, Failure, Prompts } from "../api/messages";
import type { Mm } from "../viewer/types";
import type { App } from "./app";
import { STATUS_WORDS, type Status } from "./cases";
import { NORMAL } from "./geometry";
import { foreseen, here, isEmpty, placeOf, same, type Place } from "./prompts";
import type { Entry } from "./outbox";
import type { Stroke } from "./stroke";

const MOST_OBJECTS = 255;

export function edit(app: App, change: Edit, id: string | null = app.doc.id): void {
  if (!id) return;
  app.outbox.put(id, change, (earlier) => replaces(app, change, earlier));
}

/** A question about the same slice makes the one before it needless, and so does a mark. */
function replaces(app: App, change: Edit, earlier: Edit): boolean {
  if (change.kind === "ask" && earlier.kind === "ask" && app.doc.grid) {
    const [one] = foreseen([], [change], app.doc.grid);
    const [other] = foreseen([], [earlier], app.doc.grid);
    return same(one!, other!);
  }
  return (
    change.kind === "mark" &&
    earlier.kind === "mark" &&
    (change.note != null) === (earlier.note != null) &&
    (change.status != null) === (earlier.status != null)
  );
}

export function ask(app: App, place: Place, prompts: Prompts, candidate: number | null = null): void {
  const { object, plane } = place;
  const at = placeOf(prompts) ?? placeOf(here(app.asked.value, place));
  if (isEmpty(prompts)) {
    if (at) edit(app, { kind: "clear", object, plane, at });
    return;
  }
  edit(app, { kind: "ask", object, plane, prompts, candidate, over: app.view.over.value });
}

/** Another one of the model's answers to the last question. */
export function stepCandidate(app: App, by: 1 | -1): void {
  const answer = app.doc.answer.value;
  if (!answer || answer.qualities.length < 2) return;
  const count = answer.qualities.length;
  takeCandidate(app, (answer.candidate + by + count) % count);
}

export function takeCandidate(app: App, candidate: number): void {
  const answer = app.doc.answer.value;
  if (!answer) return;
  const prompts = here(app.asked.value, answer);
  if (isEmpty(prompts)) return;
  showSlice(app, answer);
  ask(app, answer, prompts, candidate);
}

/** What changes is seen: the crosshair goes to the slice, and stays where it is on it. */
function showSlice(app: App, { plane, index }: Place): void {
  const { grid } = app.doc;
  if (!grid || grid.slice(plane, app.view.crosshair.value) === index) return;
  const voxel = grid.toVoxel(app.view.crosshair.value);
  voxel[NORMAL[plane]] = index;
  app.viewer.value?.moveTo(grid.toMm(voxel));
}

export function clearSlice(app: App, at: Mm = app.view.crosshair.value): void {
  const { active, view } = app;
  if (active.value) edit(app, { kind: "clear", object: active.value.object, plane: view.plane.value, at });
}

export function clearObject(app: App): void {
  if (app.active.value) edit(app, { kind: "clear", object: app.active.value.object });
}

export function removeObject(app: App, object: number): void {
  const { view } = app;
  const rest = app.objects.value.filter((one) => one.object !== object);
  edit(app, { kind: "remove-object", object });
  if (view.object.value === object)
    view.object.value = rest.find((one) => one.label === view.label.value)?.object ?? null;
}

export function addObject(app: App, label: string): number | null {
  const taken = new Set(app.objects.value.map((one) => one.object));
  const object = Array.from({ length: MOST_OBJECTS }, (_, at) => at + 1).find((number) => !taken.has(number));
  if (!object) {
    app.notices.show("error", `A case holds at most ${MOST_OBJECTS} objects. Delete one first.`);
    return null;
  }
  edit(app, { kind: "add-object", label, object });
  select(app, label, object);
  return object;
}

export function select(app: App, label: string, object: number | null): void {
  app.view.label.value = label;
  app.view.object.value = object ?? app.objects.value.find((one) => one.label === label)?.object ?? null;
  if (app.view.hidden.value.has(app.view.object.value ?? 0)) toggleHidden(app, app.view.object.value!);
}

export function toggleHidden(app: App, object: number): void {
  const hidden = new Set(app.view.hidden.value);
  if (!hidden.delete(object)) hidden.add(object);
  app.view.hidden.value = hidden;
}

/** The object that a tool acts on. A label without one gets its first; without a label the page asks for one. */
export function ensureObject(app: App): number | null {
  if (!app.doc.id) return null;
  if (app.active.value) return app.active.value.object;
  const label = app.view.label.value ?? app.labels.value[0]?.name;
  if (label) return addObject(app, label);
  app.view.open("right");
  app.addingLabel.value = true;
  app.notices.show("warning", "First name what you want to label, at the right.");
  return null;
}

/** A stroke is seen at once, and sent when it ends. */
export function dab(app: App, stroke: Stroke): void {
  const patch = app.doc.draw(stroke);
  if (patch) app.viewer.value?.patch([patch]);
}

export function paint(app: App, stroke: Stroke): void {
  edit(app, { kind: "paint", ...stroke });
}

export function propagate(app: App): void {
  const place = app.place.value;
  if (!place) return;
  const { object, plane } = place;
  edit(app, { kind: "propagate", object, plane, over: app.view.over.value });
}

export function mark(app: App, status: Status): void {
  edit(app, { kind: "mark", status });
  if (app.doc.id) app.cases.update(app.doc.id, { status });
  app.notices.say(`${STATUS_WORDS[status]}.`);
}

/** What the server did with an edit, in the open case; late answers for another case only change the list. */
export async function answered(app: App, entry: Entry, edited: Edited): Promise<void> {
  if (entry.edit.kind === "propagate") app.progress.value = null;
  app.cases.update(entry.case, {
    status: edited.status,
    note: edited.note,
    revision: edited.revision,
    objects: edited.objects.length,
  });
  if (!app.doc.follows(entry.case, edited)) return;
  const patches = await unpackAll(edited.patches);
  if (!app.doc.follows(entry.case, edited)) return;
  app.doc.apply(edited, patches);
  if (entry.edit.kind === "propose") proposalTaken(app, edited);
  for (const warning of edited.warnings) app.notices.show("warning", warning);
  settle(app, entry, patches);
}

/** It is there no more, and what it made can be corrected at once. */
function proposalTaken(app: App, edited: Edited): void {
  const detail = app.doc.detail.value;
  if (detail) app.doc.detail.value = { ...detail, proposal: false };
  const first = edited.objects.find((one) => one.label === app.view.label.value) ?? edited.objects[0];
  if (app.view.object.value === null && first) select(app, first.label, first.object);
}

/** The server said no: the page shows the truth again. */
export function refused(app: App, entry: Entry, failure: Failure): void {
  if (entry.edit.kind === "propagate") app.progress.value = null;
  if (failure.error === "Stopped") app.notices.show("done", "Stopped. Nothing was changed.");
  else if (failure.error === "superseded") {
    app.notices.show("warning", "Another page asked about this object at the same time; its question was answered.");
  } else app.notices.show(isStep(entry.edit) ? "done" : "error", failure.sentence);
  if (entry.case === app.doc.id) settle(app, entry, []);
}

/** Keys that are held ask for more steps than there are, which is no error that has to be closed. */
function isStep({ kind }: Edit): boolean {
  return kind === "undo" || kind === "redo";
}

export function strokesOf(edits: readonly Edit[]): Stroke[] {
  return edits.flatMap((one) =>
    one.kind === "paint" ? [{ ...one, erase: !!one.erase, over: one.over ?? "empty" }] : [],
  );
}

function settle(app: App, entry: Entry, patches: Awaited<ReturnType<typeof unpackAll>>): void {
  const waiting = app.outbox.waiting(entry.case).filter((one) => one.id !== entry.id);
  const own = strokesOf([entry.edit]).map((stroke) => app.doc.draw(stroke));
  const places = [...patches, ...own.filter((patch) => patch !== null)];
  app.viewer.value?.patch(app.doc.settle(places, strokesOf(waiting.map((one) => one.edit))));
}
