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

/** Until the next answer says so itself. */
function recolour(app: App, label: string, colour: string): void {
  const detail = app.doc.detail.value;
  if (!detail) return;
  const objects = detail.objects.map((one) => (one.label === label ? { ...one, colour } : one));
  app.doc.detail.value = { ...detail, objects };
}
