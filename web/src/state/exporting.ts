// What leaves the page: files of one case, and the folder as a data set.
import { sentence } from "../api/errors";
import type { ExportRequest } from "../api/messages";
import type { App } from "./app";

export async function exportCase(app: App, format: ExportRequest["format"]): Promise<void> {
  const { id } = app.doc;
  if (!id) return;
  try {
    const { name, content } = await app.api.export(id, { format });
    download(name, content);
    app.notices.show("done", `${name} was exported.`);
  } catch (error) {
    app.notices.show("error", sentence(error));
  }
}

export async function exportDataset(app: App): Promise<void> {
  try {
    const { folder, cases, skipped } = await app.api.dataset();
    const left = skipped.length ? ` ${skipped.length} left out: ${skipped.join(", ")}.` : "";
    const count = cases === 1 ? "1 accepted case" : `${cases} accepted cases`;
    app.notices.show(skipped.length ? "warning" : "done", `${count} written to ${folder}.${left}`);
  } catch (error) {
    app.notices.show("error", sentence(error));
  }
}

function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
