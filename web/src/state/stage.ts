// Ties a viewer to the stores: what is stored is shown, what happens on it is stored.
import { effect, untracked } from "@preact/signals";
import type { Mm, Plane, Viewer } from "../viewer/types";
import type { App } from "./app";
import type { Gestures } from "./gestures";
import { marksOf } from "./prompts";
import { isDark } from "./theme";
import type { Look } from "./view";

const FOCUS_PAUSE = 120;

/** Returns how to untie it. */
export function bindStage(app: App, viewer: Viewer, gestures: Gestures, moved: () => void): () => void {
  const focus = focuser(app);
  viewer.onPointer = (pointer) => gestures.handle(pointer);
  viewer.onCrosshair = (at) => {
    app.view.crosshair.value = at;
    focus();
    moved();
  };
  viewer.onWindow = (low, high) => (app.view.window.value = { low, high });
  viewer.onLost = () =>
    app.notices.show(
      "error",
      "The graphics card stopped drawing. Images are drawn without it now; if that is slow, reload the page.",
    );
  const ends = [...shown(app, viewer), cancelOnSwitch(app, gestures)];
  app.viewer.value = viewer;
  return () => {
    for (const end of ends) end();
    if (app.viewer.value === viewer) app.viewer.value = null;
  };
}

function shown(app: App, viewer: Viewer): (() => void)[] {
  const { view } = app;
  return [
    effect(() => viewer.setColours(colours(app))),
    effect(() => viewer.setLook(drawn(view.look.value))),
    effect(() => viewer.setTheme(isDark.value ? "dark" : "light")),
    effect(() => {
      const asked = app.asked.value.filter((one) => one.object === view.object.value);
      viewer.setMarks([...marksOf(asked), ...app.draft.value]);
    }),
    effect(() => {
      const tool = app.tool.value;
      viewer.setMode(tool.mode);
      viewer.setCursor(tool.cursor);
    }),
  ];
}

/** Object number -> colour, without those that are hidden. */
export function colours(app: App): Map<number, string> {
  const { hidden, solo, object } = app.view;
  const visible = app.objects.value.filter(
    (one) => !hidden.value.has(one.object) && (!solo.value || one.object === object.value),
  );
  return new Map(visible.map((one) => [one.object, one.colour]));
}

/** With outlines only the lines are seen. */
function drawn(look: Look): Look {
  return look.outline ? { ...look, opacity: 0 } : look;
}

/** Another tool or case: what was begun with the old one is over. */
function cancelOnSwitch(app: App, gestures: Gestures): () => void {
  let before = "";
  return effect(() => {
    const now = `${app.tool.value.id} ${app.doc.loading.value}`;
    if (now !== before) untracked(() => gestures.cancel());
    before = now;
  });
}

/** Tells the server where a person looks, a moment after the last move and not twice for a slice. */
function focuser(app: App): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let said = "";
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { doc, view } = app;
      const plane: Plane = view.plane.value;
      const at: Mm = view.crosshair.value;
      const slice = doc.grid && doc.id ? `${doc.id} ${plane} ${doc.grid.slice(plane, at)}` : "";
      if (!slice || slice === said) return;
      said = slice;
      app.api.focus(doc.id!, { plane, at }).catch(() => (said = ""));
    }, FOCUS_PAUSE);
  };
}
