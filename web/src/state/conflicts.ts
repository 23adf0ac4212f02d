// Two pages on one case: the second edit is refused. The case is read again, and the edit offered again.
import type { Edit } from "../api/messages";
import type { App } from "./app";
import { edit } from "./editing";
import { openCase, reload } from "./opening";
import type { Refusal } from "./outbox";

export function conflicted(app: App, refusal: Refusal): void {
  const before = app.refusal.value;
  const earlier = before?.case === refusal.case ? before.edits : [];
  app.refusal.value = { ...refusal, edits: [...earlier, ...refusal.edits] };
  app.notices.say("This case was changed elsewhere. Your last edit was not saved.");
  if (app.doc.id === refusal.case) void reload(app);
}

/** What makes sense on top of what another page did: taking back would take back theirs. */
export function repeatable(refusal: Refusal): Edit[] {
  return refusal.edits.filter((one) => one.kind !== "undo" && one.kind !== "redo");
}

export function leaveOut(app: App): void {
  app.refusal.value = null;
}

export async function repeat(app: App): Promise<void> {
  const refusal = app.refusal.value;
  if (!refusal) return;
  app.refusal.value = null;
  if (app.doc.id !== refusal.case) await openCase(app, refusal.case);
  for (const one of repeatable(refusal)) edit(app, one, refusal.case);
}
