// Labels are the same in all cases; they are not part of undo.
import { sentence } from "../api/errors";
import type { App } from "./app";

/** Whether the server took it. */
export async function saveLabel(app: App, name: string, colour: string | null = null): Promise<boolean> {
  const said = name.trim();
  if (!said) return false;
  try {
    app.labels.value = await app.api.addLabel({ name: said, colour });
    if (colour === null) app.view.label.value = said;
    if (colour !== null) recolour(app, said, colour);
    return true;
  } catch (error) {
    app.notices.show("error", sentence(error));
    return false;
  }
}

/** Another name for a label, in all cases; whether the server took it. */
export async function renameLabel(app: App, name: string, to: string): Promise<boolean> {
  const said = to.trim();
  if (!said) return false;
  if (said === name) return true;
  try {
    app.labels.value = await app.api.renameLabel({ name, to: said });
    if (app.view.label.value === name) app.view.label.value = said;
    const detail = app.doc.detail.value;
    if (detail) {
      const objects = detail.objects.map((one) => (one.label === name ? { ...one, label: said } : one));
      app.doc.detail.value = { ...detail, objects };
    }
    return true;
  } catch (error) {
    app.notices.show("error", sentence(error));
    return false;
  }
}

/** Labels of the open case that nobody has any more: another page, or a script, gave them other names. */
export function renamedElsewhere(app: App): boolean {
  const known = new Set(app.labels.value.map((one) => one.name));
  return app.objects.value.some((one) => !known.has(one.label));
}

/** Until the next answer says so itself. */
function recolour(app: App, label: string, colour: string): void {
  const detail = app.doc.detail.value;
  if (!detail) return;
  const objects = detail.objects.map((one) => (one.label === label ? { ...one, colour } : one));
  app.doc.detail.value = { ...detail, objects };
}
