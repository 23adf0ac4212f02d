import type { App } from "../state/app";
import {
  addObject,
  clearObject,
  clearSlice,
  edit,
  propagate,
  removeObject,
  select,
  stepCandidate,
  toggleHidden,
} from "../state/editing";
import { nextRadius } from "../state/view";
import { TOOLS } from "../tools";
import type { Command } from "./command";

const hasObject = (app: App) => app.active.value !== null;
const sized = (app: App) => !!app.tool.value.sized;

export const TOOL_COMMANDS: Command[] = TOOLS.map((tool) => ({
  id: `tool-${tool.id}`,
  group: "Tools",
  name: tool.name,
  what: tool.hint,
  keys: [tool.key],
  run: ({ app }) => (app.view.tool.value = tool.id),
  pressed: (app) => app.tool.value === tool,
}));

export const TOOL_SETTINGS: Command[] = [
  {
    id: "positive",
    group: "Tools",
    name: "Include or exclude",
    what: "Whether points and scribbles say what belongs to the object, or what does not.",
    keys: ["x"],
    run: ({ app }) => (app.view.positive.value = !app.view.positive.value),
    pressed: (app) => !app.view.positive.value,
  },
  {
    id: "smaller",
    group: "Tools",
    name: "Smaller brush",
    keys: ["["],
    run: ({ app }) => (app.view.radius.value = nextRadius(app.view.radius.value, -1)),
    enabled: sized,
  },
  {
    id: "larger",
    group: "Tools",
    name: "Larger brush",
    keys: ["]"],
    run: ({ app }) => (app.view.radius.value = nextRadius(app.view.radius.value, 1)),
    enabled: sized,
  },
  {
    id: "over",
    group: "Tools",
    name: "Draw over other objects",
    what: "Off: voxels of other objects are left alone.",
    keys: ["t"],
    run: ({ app }) => (app.view.over.value = app.view.over.value === "all" ? "empty" : "all"),
    pressed: (app) => app.view.over.value === "all",
  },
  {
    id: "apply",
    group: "Tools",
    name: "Use the tool at the crosshair",
    what: "Points are set at once. Other tools begin; move with shift and the arrow keys, press it again to end.",
    keys: ["enter"],
    run: ({ keys }) => keys.press(false),
    enabled: (app) => app.doc.detail.value !== null,
  },
  {
    id: "apply-other",
    group: "Tools",
    name: "Use it the other way round",
    what: "As above, but excluding instead of including, or erasing instead of painting.",
    keys: ["alt+enter"],
    run: ({ keys }) => keys.press(true),
    enabled: (app) => app.doc.detail.value !== null,
  },
  {
    id: "cancel",
    group: "Tools",
    name: "Cancel",
    what: "Give up what is being drawn, or stop what the model works on for the whole volume.",
    keys: ["escape"],
    run: ({ app, gestures }) => {
      if (gestures.active) gestures.cancel();
      else if (app.asking.value === "propagate" && app.doc.id) app.outbox.stop(app.doc.id);
    },
  },
];

export const EDITING: Command[] = [
  {
    id: "undo",
    group: "Editing",
    name: "Undo",
    keys: ["ctrl+z"],
    run: ({ app }) => edit(app, { kind: "undo" }),
    enabled: (app) => !!app.doc.detail.value?.undo || app.waiting.value.length > 0,
  },
  {
    id: "redo",
    group: "Editing",
    name: "Redo",
    keys: ["ctrl+shift+z", "ctrl+y"],
    run: ({ app }) => edit(app, { kind: "redo" }),
    enabled: (app) => !!app.doc.detail.value?.redo,
  },
  {
    id: "candidate-next",
    group: "Editing",
    name: "Next candidate",
    what: "Another answer of the model to the same prompts.",
    keys: ["c"],
    run: ({ app }) => stepCandidate(app, 1),
    enabled: (app) => (app.doc.answer.value?.qualities.length ?? 0) > 1,
  },
  {
    id: "candidate-previous",
    group: "Editing",
    name: "Previous candidate",
    keys: ["shift+c"],
    run: ({ app }) => stepCandidate(app, -1),
    enabled: (app) => (app.doc.answer.value?.qualities.length ?? 0) > 1,
  },
  {
    id: "volume",
    group: "Editing",
    name: "To the whole volume",
    what: "From the slices of this plane that were prompted or painted to all others.",
    keys: ["g"],
    run: ({ app }) => propagate(app),
    enabled: (app) => hasObject(app) && app.asking.value === null && !app.doc.detail.value!.shape.includes(1),
  },
  {
    id: "clear-slice",
    group: "Editing",
    name: "Clear slice",
    what: "Empty the object on this slice, with its prompts.",
    keys: ["delete", "backspace"],
    run: ({ app }) => clearSlice(app),
    enabled: hasObject,
  },
  {
    id: "clear-object",
    group: "Editing",
    name: "Clear object",
    what: "Empty the object everywhere, with its prompts.",
    keys: ["shift+delete", "shift+backspace"],
    run: ({ app }) => clearObject(app),
    enabled: hasObject,
  },
  {
    id: "propose",
    group: "Editing",
    name: "Take the proposal",
    what: "The masks that an improved model proposes for this case.",
    keys: ["shift+p"],
    run: ({ app }) => edit(app, { kind: "propose" }),
    enabled: (app) => !!app.doc.detail.value?.proposal,
  },
];

export const OBJECTS: Command[] = [
  {
    id: "new-label",
    group: "Objects",
    name: "New label",
    keys: ["shift+n"],
    run: ({ app }) => {
      app.view.open("right");
      app.addingLabel.value = true;
    },
  },
  {
    id: "new-object",
    group: "Objects",
    name: "New object of the label",
    keys: ["n"],
    run: ({ app }) => void (app.view.label.value && addObject(app, app.view.label.value)),
    enabled: (app) => app.doc.detail.value !== null && app.view.label.value !== null,
  },
  {
    id: "next-object",
    group: "Objects",
    name: "Next object",
    keys: ["o"],
    run: ({ app }) => turn(app, 1),
    enabled: (app) => app.objects.value.length > 1,
  },
  {
    id: "previous-object",
    group: "Objects",
    name: "Previous object",
    keys: ["shift+o"],
    run: ({ app }) => turn(app, -1),
    enabled: (app) => app.objects.value.length > 1,
  },
  {
    id: "hide",
    group: "Objects",
    name: "Hide object",
    keys: ["h"],
    run: ({ app }) => toggleHidden(app, app.active.value!.object),
    enabled: hasObject,
    pressed: (app) => app.view.hidden.value.has(app.view.object.value ?? 0),
  },
  {
    id: "solo",
    group: "Objects",
    name: "Show only this object",
    keys: ["shift+h"],
    run: ({ app }) => (app.view.solo.value = !app.view.solo.value),
    enabled: hasObject,
    pressed: (app) => app.view.solo.value,
  },
  {
    id: "remove",
    group: "Objects",
    name: "Delete object",
    keys: ["ctrl+delete", "ctrl+backspace"],
    run: ({ app }) => removeObject(app, app.active.value!.object),
    enabled: hasObject,
  },
  ...Array.from({ length: 9 }, (_, at): Command => ({
    id: `label-${at + 1}`,
    group: "Objects",
    name: `Label ${at + 1}`,
    keys: [`${at + 1}`],
    run: ({ app }) => select(app, app.labels.value[at]!.name, null),
    enabled: (app) => at < app.labels.value.length,
  })),
];

function turn(app: App, by: 1 | -1): void {
  const all = app.objects.value;
  const at = all.findIndex((one) => one.object === app.view.object.value);
  const next = all[(at + by + all.length) % all.length];
  if (next) select(app, next.label, next.object);
}
