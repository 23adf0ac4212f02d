import type { Preset } from "../api/messages";
import type { App } from "../state/app";
import { waiting } from "../state/cases";
import { mark } from "../state/editing";
import { NORMAL, PLANES, WITHIN, type Voxel } from "../state/geometry";
import { openFirst, setLayout, step } from "../state/opening";
import type { Layout } from "../viewer/types";
import type { Command } from "./command";

const FAR = 10;
const open = (app: App) => app.doc.detail.value !== null;

export const MOVING: Command[] = [
  slice("next-slice", "Next slice", ["arrowup", "arrowright"], 1),
  slice("previous-slice", "Previous slice", ["arrowdown", "arrowleft"], -1),
  slice("slices-on", `${FAR} slices on`, ["pageup"], FAR),
  slice("slices-back", `${FAR} slices back`, ["pagedown"], -FAR),
  {
    id: "first-slice",
    group: "Moving about",
    name: "First slice",
    keys: ["home"],
    run: ({ app }) => scroll(app, -Infinity),
    enabled: open,
  },
  {
    id: "last-slice",
    group: "Moving about",
    name: "Last slice",
    keys: ["end"],
    run: ({ app }) => scroll(app, Infinity),
    enabled: open,
  },
  crosshair("crosshair-up", "Crosshair up", "shift+arrowup", 1, 1),
  crosshair("crosshair-down", "Crosshair down", "shift+arrowdown", 1, -1),
  crosshair("crosshair-left", "Crosshair left", "shift+arrowleft", 0, -1),
  crosshair("crosshair-right", "Crosshair right", "shift+arrowright", 0, 1),
  {
    id: "next-plane",
    group: "Moving about",
    name: "Next plane",
    what: "Which plane the keys act on.",
    keys: ["m"],
    run: ({ app }) => turnPlane(app),
    enabled: open,
  },
  {
    id: "to-object",
    group: "Moving about",
    name: "Go to the object",
    what: "To the middle of the object that is in hand, in all planes.",
    keys: ["j"],
    run: ({ app }) => toObject(app),
    enabled: (app) => !!app.active.value?.slices[app.view.plane.value],
  },
];

export const VIEW: Command[] = [
  layout("three", "Three planes", "alt+1"),
  layout("axial", "Axial only", "alt+2"),
  layout("coronal", "Coronal only", "alt+3"),
  layout("sagittal", "Sagittal only", "alt+4"),
  {
    id: "one-or-three",
    group: "View",
    name: "One plane or three",
    keys: ["z"],
    run: ({ app }) => arrange(app, app.view.layout.value === "three" ? app.view.plane.value : "three"),
    enabled: isVolume,
  },
  {
    id: "fit",
    group: "View",
    name: "Fit",
    what: "The whole image, at its middle.",
    keys: ["f"],
    run: ({ app }) => app.viewer.value?.fit(),
    enabled: open,
  },
  zoom("zoom-in", "Zoom in", ["+", "="], 1.25),
  zoom("zoom-out", "Zoom out", ["-"], 0.8),
  {
    id: "window",
    group: "View",
    name: "Next window",
    what: "The next preset of grey values.",
    keys: ["w"],
    run: ({ app }) => nextWindow(app),
    enabled: (app) => !!app.doc.detail.value?.presets.length,
  },
  {
    id: "outline",
    group: "View",
    name: "Outline",
    what: "Masks as a line, not filled.",
    keys: ["u"],
    run: ({ app }) => (app.view.look.value = { ...app.view.look.value, outline: !app.view.look.value.outline }),
    pressed: (app) => app.view.look.value.outline,
  },
  opacity("opacity-up", "Masks stronger", ".", 0.1),
  opacity("opacity-down", "Masks fainter", ",", -0.1),
  {
    id: "smooth",
    group: "View",
    name: "Smooth pixels",
    keys: ["i"],
    run: ({ app }) => (app.view.look.value = { ...app.view.look.value, smooth: !app.view.look.value.smooth }),
    pressed: (app) => app.view.look.value.smooth,
  },
  {
    id: "theme",
    group: "View",
    name: "Theme",
    what: "As the system, dark, or light.",
    keys: ["shift+t"],
    run: ({ app }) => turnTheme(app),
  },
  panel("left", "List of cases", "alt+c"),
  panel("right", "Labels and model", "alt+l"),
  {
    id: "keys",
    group: "View",
    name: "Keys",
    what: "This sheet.",
    keys: ["?", "f1"],
    run: ({ app }) => (app.view.dialog.value = app.view.dialog.value === "keys" ? null : "keys"),
  },
];

export const CASES: Command[] = [
  {
    id: "next-case",
    group: "Cases",
    name: "Next case",
    keys: ["alt+arrowdown"],
    run: ({ app }) => void step(app, 1),
  },
  {
    id: "previous-case",
    group: "Cases",
    name: "Previous case",
    keys: ["alt+arrowup"],
    run: ({ app }) => void step(app, -1),
  },
  {
    id: "accept",
    group: "Cases",
    name: "Accept",
    what: "The masks are right; go on with the next case that is not done.",
    keys: ["a"],
    run: ({ app }) => void finish(app, "accepted"),
    enabled: open,
    pressed: (app) => app.doc.detail.value?.status === "accepted",
  },
  {
    id: "skip",
    group: "Cases",
    name: "Skip",
    what: "Leave the case out; go on with the next one that is not done.",
    keys: ["k"],
    run: ({ app }) => void finish(app, "skipped"),
    enabled: open,
    pressed: (app) => app.doc.detail.value?.status === "skipped",
  },
  {
    id: "reopen",
    group: "Cases",
    name: "Open again",
    what: "Back to work: neither accepted nor skipped.",
    keys: ["shift+a"],
    run: ({ app }) => mark(app, "work"),
    enabled: (app) => ["accepted", "skipped"].includes(app.doc.detail.value?.status ?? ""),
  },
];

function slice(id: string, name: string, keys: string[], by: number): Command {
  return { id, group: "Moving about", name, keys, run: ({ app }) => scroll(app, by), enabled: open };
}

function scroll(app: App, by: number): void {
  const { viewer, view, doc } = app;
  const plane = view.plane.value;
  const far = doc.grid?.slices(plane) ?? 0;
  viewer.value?.step(plane, Math.max(Math.min(by, far), -far));
}

function crosshair(id: string, name: string, key: string, axis: 0 | 1, by: 1 | -1): Command {
  return { id, group: "Moving about", name, keys: [key], run: ({ app }) => nudge(app, axis, by), enabled: open };
}

function nudge(app: App, axis: 0 | 1, by: 1 | -1): void {
  const { grid } = app.doc;
  if (!grid) return;
  const move: Voxel = [0, 0, 0];
  // As radiologists look: the patient's right, or front, is at the left of the screen.
  move[WITHIN[app.view.plane.value][axis]] = axis === 0 ? -by : by;
  app.viewer.value?.moveTo(grid.moved(app.view.crosshair.value, move));
}

function turnPlane(app: App): void {
  const next = PLANES[(PLANES.indexOf(app.view.plane.value) + 1) % PLANES.length]!;
  if (app.view.layout.value === "three") app.view.plane.value = next;
  else arrange(app, next);
  app.notices.say(`Keys act on the ${next} plane.`);
}

function toObject(app: App): void {
  const { grid } = app.doc;
  const ranges = app.active.value?.slices;
  if (!grid || !ranges) return;
  const at = grid.toVoxel(app.view.crosshair.value);
  for (const plane of PLANES) {
    const range = ranges[plane];
    if (range) at[NORMAL[plane]] = Math.round((range[0] + range[1]) / 2);
  }
  app.viewer.value?.moveTo(grid.toMm(at));
}

function isVolume(app: App): boolean {
  return !!app.doc.detail.value && !app.doc.detail.value.shape.includes(1);
}

function arrange(app: App, wanted: Layout): void {
  app.view.volumeLayout.value = wanted;
  setLayout(app, wanted);
}

function layout(id: Layout, name: string, key: string): Command {
  return {
    id: `layout-${id}`,
    group: "View",
    name,
    keys: [key],
    run: ({ app }) => arrange(app, id),
    enabled: isVolume,
    pressed: (app) => app.view.layout.value === id,
  };
}

function zoom(id: string, name: string, keys: string[], factor: number): Command {
  return { id, group: "View", name, keys, run: ({ app }) => app.viewer.value?.zoom(factor), enabled: open };
}

function nextWindow(app: App): void {
  const presets = app.doc.detail.value!.presets;
  const now = app.view.window.value;
  const at = presets.findIndex((one) => one.low === now?.low && one.high === now.high);
  const preset = presets[(at + 1) % presets.length]!;
  takeWindow(app, preset);
  app.notices.say(`Window ${preset.name}.`);
}

export function takeWindow(app: App, { name, low, high }: Preset): void {
  app.view.preset.value = name;
  app.viewer.value?.setWindow(low, high);
  app.view.window.value = { low, high };
}

function opacity(id: string, name: string, key: string, by: number): Command {
  return {
    id,
    group: "View",
    name,
    keys: [key],
    run: ({ app }) => {
      const look = app.view.look.value;
      app.view.look.value = {
        ...look,
        outline: false,
        opacity: Math.min(Math.max(Math.round((look.opacity + by) * 20) / 20, 0), 1),
      };
    },
  };
}

function turnTheme(app: App): void {
  const themes = ["auto", "dark", "light"] as const;
  const { theme } = app.view;
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
  app.notices.say(theme.value === "auto" ? "Theme of the system." : `${theme.value} theme.`);
}

function panel(side: "left" | "right", name: string, key: string): Command {
  return {
    id: side,
    group: "View",
    name,
    keys: [key],
    run: ({ app }) => app.view.open(side, !app.view.isOpen(side)),
    pressed: (app) => app.view.isOpen(side),
  };
}

async function finish(app: App, status: "accepted" | "skipped"): Promise<void> {
  const next = waiting(app.cases.shown.value, app.doc.id);
  mark(app, status);
  if (await openFirst(app, next)) return;
  const { problem } = app.cases.counts.value;
  const left = problem ? ` ${problem} cannot be opened.` : "";
  app.notices.show(
    "done",
    `All cases of this list are done.${left} Export the data set, or improve the model with them.`,
  );
}
