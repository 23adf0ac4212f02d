// The note of a case is kept a moment after the last key, and before anything else happens to the case.
import type { App } from "./app";
import { edit } from "./editing";

const PAUSE = 800;
const timers = new WeakMap<App, ReturnType<typeof setTimeout>>();

export function writeNote(app: App, note: string): void {
  const { id } = app.doc;
  if (!id) return;
  app.noteDraft.value = { case: id, note };
  clearTimeout(timers.get(app));
  timers.set(
    app,
    setTimeout(() => saveNote(app), PAUSE),
  );
}

export function saveNote(app: App): void {
  clearTimeout(timers.get(app));
  const draft = app.noteDraft.value;
  if (!draft) return;
  app.noteDraft.value = null;
  edit(app, { kind: "mark", note: draft.note }, draft.case);
}
