// Open a case, change to another one, and read the open one again.
import { sentence, ServerError, Unreachable } from "../api/errors";
import type { CaseDetail, CaseSummary } from "../api/messages";
import type { Layout } from "../viewer/types";
import type { App } from "./app";
import { beyond, waiting } from "./cases";
import { strokesOf } from "./editing";
import { saveNote } from "./notes";

export const SIGNED_OUT =
  "This page belongs to a server that has ended. Start `samaritan annotate` again and open its link: then this page goes on, too.";

const opening = new WeakMap<App, AbortController>();

/** Open a case. Opening another one meanwhile takes its place: what arrives late for this one is dropped. */
export async function openCase(app: App, id: string): Promise<void> {
  saveNote(app);
  opening.get(app)?.abort();
  const stop = new AbortController();
  opening.set(app, stop);
  app.doc.loading.value = id;
  app.doc.failed.value = null;
  try {
    const detail = await read(app, id, stop.signal);
    if (stop.signal.aborted || !detail) return;
    await learnLabels(app, detail);
    if (stop.signal.aborted) return;
    app.cases.update(id, { problem: null });
    remember(id);
    choose(app, detail);
  } catch (error) {
    if (stop.signal.aborted) return;
    if (error instanceof Unreachable && app.doc.id === id) {
      app.online.value = false; // what is shown stays, and is read again when the server is back
      return;
    }
    app.doc.close();
    app.doc.failed.value = { case: id, sentence: sentence(error) };
    if (error instanceof ServerError && error.status === 422) app.cases.update(id, { problem: error.message });
    if (error instanceof Unreachable) app.online.value = false;
    if (error instanceof ServerError && error.signedOut) app.fatal.value = SIGNED_OUT;
  } finally {
    if (opening.get(app) === stop) app.doc.loading.value = null;
  }
}

/** Read the open case again, after another page changed it; place, window and layout stay. */
export async function reload(app: App): Promise<void> {
  const { id } = app.doc;
  if (!id) return;
  const view = app.view;
  const [at, window, layout] = [view.crosshair.value, view.window.value, view.layout.value];
  await openCase(app, id);
  const viewer = app.viewer.value;
  if (app.doc.id !== id || !viewer) return;
  setLayout(app, layout);
  viewer.moveTo(at);
  if (window) viewer.setWindow(window.low, window.high);
  view.window.value = window;
}

/** The case that is open, is being opened, or could not be. */
export function currentCase(app: App): string | null {
  return app.doc.loading.value ?? app.doc.id ?? app.doc.failed.value?.case ?? null;
}

export async function step(app: App, by: 1 | -1): Promise<void> {
  if (await openFirst(app, beyond(app.cases.shown.value, currentCase(app), by))) return;
  app.notices.say(by > 0 ? "This is the last case of the list." : "This is the first case of the list.");
}

/** Open the first of some cases whose image can be opened, and tell which were passed over; where there is none, stay. */
export async function openFirst(app: App, cases: readonly CaseSummary[]): Promise<boolean> {
  const from = app.doc.id;
  for (const { case: id, name } of cases) {
    await openCase(app, id);
    const problem = app.doc.failed.value?.case === id && app.cases.find(id)?.problem;
    if (!problem) return true; // also where a person chose another case meanwhile
    app.notices.show("warning", `${name} was passed over: ${problem}`);
  }
  if (from && cases.length) await openCase(app, from);
  return false;
}

/** Which cases a new page opens, the first that can be. */
export function firstCases(cases: readonly CaseSummary[], wanted: string | null): CaseSummary[] {
  const usable = cases.filter((one) => !one.problem);
  const asked = usable.filter((one) => one.case === wanted);
  return [...new Set([...asked, ...waiting(usable, null), ...usable])];
}

/** The case that this address names, so that reloading the page comes back to it. */
export function rememberedCase(): string | null {
  return new URLSearchParams(globalThis.location.hash.slice(1)).get("case");
}

export function setLayout(app: App, layout: Layout): void {
  app.view.layout.value = layout;
  if (layout !== "three") app.view.plane.value = layout;
  app.viewer.value?.setLayout(layout);
}

function remember(id: string): void {
  globalThis.history.replaceState(null, "", `#case=${encodeURIComponent(id)}`);
}

async function read(app: App, id: string, stop: AbortSignal): Promise<CaseDetail | null> {
  const viewer = app.viewer.value;
  if (!viewer) throw new Error("There is nothing to show images with.");
  let [detail, labels] = await Promise.all([app.api.detail(id, stop), app.api.labels(id, stop)]);
  while (labels.revision !== detail.revision) {
    [detail, labels] = await Promise.all([app.api.detail(id, stop), app.api.labels(id, stop)]);
  }
  const { shape, affine, spacing, unit, colour, plane } = detail;
  app.draft.value = [];
  if (app.doc.id !== id) app.doc.close();
  await viewer.load({ url: app.api.imageUrl(id), shape, affine, spacing, unit, colour, plane }, labels.values);
  if (stop.aborted) return null;
  app.doc.show(detail, labels.values);
  // An answer that is on its way has a revision of its own; without one this is what the next edit is made on.
  if (!app.outbox.waiting(id).length || app.outbox.revision(id) === undefined) app.outbox.know(id, detail.revision);
  viewer.patch(app.doc.settle([], strokesOf(app.outbox.waiting(id).map((entry) => entry.edit))));
  return detail;
}

/** Masks that were there before may bring labels along, which the server knows once it has read them. */
async function learnLabels(app: App, detail: CaseDetail): Promise<void> {
  const known = new Set(app.labels.value.map((one) => one.name));
  if (detail.objects.every((one) => known.has(one.label))) return;
  app.labels.value = (await app.api.session()).labels;
}

function choose(app: App, detail: CaseDetail): void {
  const view = app.view;
  const again = detail.objects.some((one) => one.object === view.object.value && one.label === view.label.value);
  if (!again) {
    const label = view.label.value ?? app.labels.value[0]?.name ?? null;
    const first = detail.objects.find((one) => one.label === label) ?? detail.objects[0];
    view.object.value = first?.object ?? null;
    view.label.value = first?.label ?? label;
  }
  view.hidden.value = new Set();
  view.plane.value = detail.plane;
  const flat = detail.shape.includes(1);
  setLayout(app, flat ? detail.plane : view.volumeLayout.value);
  const preset = detail.presets.find((one) => one.name === view.preset.value) ?? detail.presets[0];
  if (preset) app.viewer.value?.setWindow(preset.low, preset.high);
  const window = app.viewer.value?.window();
  view.window.value = window ? { low: window.low, high: window.high } : null;
  view.crosshair.value = app.viewer.value?.crosshair() ?? view.crosshair.value;
}
