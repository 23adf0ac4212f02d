// What is said of saving, in the status bar and the banner.
import type { App } from "./app";

export interface SaveState {
  kind: "saved" | "saving" | "unsaved";
  words: string;
}

export function saveState(app: App): SaveState {
  const count = app.outbox.count.value;
  const trouble = app.outbox.trouble.value;
  if (app.refusal.value) return { kind: "unsaved", words: "Not saved: changed elsewhere" };
  if (!count) return app.noteDraft.value ? { kind: "saving", words: "Saving" } : { kind: "saved", words: "Saved" };
  const edits = count === 1 ? "1 edit waits" : `${count} edits wait`;
  if (trouble?.kind === "away") return { kind: "unsaved", words: `Not saved: no server; ${edits}` };
  if (trouble?.kind === "signed-out") return { kind: "unsaved", words: `Not saved: server restarted; ${edits}` };
  if (trouble?.kind === "busy") return { kind: "unsaved", words: `Not saved yet: server busy; ${edits}` };
  return { kind: "saving", words: count > 1 ? `Saving, ${count} edits` : "Saving" };
}
