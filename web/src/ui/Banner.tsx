// What goes wrong for a while, and what to do next.
import type { App } from "../state/app";
import { useApp } from "./context";
import { Icon } from "./icons";

interface Trouble {
  kind: "error" | "warning";
  words: string;
}

export function Banner() {
  const app = useApp();
  const trouble = troubleOf(app);
  if (!trouble) return null;
  return (
    <div class={`banner ${trouble.kind}`} role="alert">
      <Icon name="warning" size={18} />
      <p>{trouble.words}</p>
    </div>
  );
}

export function troubleOf(app: App): Trouble | null {
  const trouble = app.outbox.trouble.value;
  const count = app.outbox.count.value;
  const kept = count
    ? ` ${count === 1 ? "1 edit is" : `${count} edits are`} kept here and sent as soon as it is back.`
    : "";
  if (app.fatal.value) return { kind: "error", words: app.fatal.value };
  if (trouble?.kind === "signed-out") return { kind: "error", words: `${trouble.sentence}${kept}` };
  if (!app.online.value || trouble?.kind === "away") {
    return { kind: "error", words: `The server does not answer. The page tries again by itself.${kept}` };
  }
  if (trouble?.kind === "busy")
    return { kind: "warning", words: `${trouble.sentence} The page tries again by itself.` };
  const model = app.model.value;
  if (model?.state === "failed") return { kind: "error", words: model.sentence || "The model does not start." };
  if (model?.state === "restarting") {
    return {
      kind: "warning",
      words: model.sentence || "The model is starting again. Brush and eraser work meanwhile.",
    };
  }
  return null;
}

/** One sentence about what to do next, for whoever is here for the first time. */
export function Coach() {
  const app = useApp();
  const words = coachOf(app);
  if (!words || app.view.coached.value || app.asking.value === "propagate") return null;
  return (
    <div class="coach" id="coach">
      <p>{words}</p>
      <button
        type="button"
        class="button quiet small"
        aria-label="No more hints"
        onClick={() => (app.view.coached.value = true)}
      >
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

export function coachOf(app: App): string | null {
  const detail = app.doc.detail.value;
  if (!detail) return null;
  const label = app.view.label.value;
  if (!app.labels.value.length)
    return "First name what you want to label: the button Add the first label, at the right.";
  const active = app.active.value;
  const starting =
    app.model.value?.state === "starting" ? " The model is still starting; your click waits for it." : "";
  if (!active?.voxels) {
    const what = `${label ?? "the object"}${detail.shape.includes(1) ? "" : " in any plane"}`;
    if (!app.knows("points")) return `Drag a box around ${what} (B); then correct it with points (P).${starting}`;
    return `Click on ${what}, or drag a box around it (B).${starting}`;
  }
  if (detail.shape.includes(1))
    return "Correct it with more clicks, alt-click for what does not belong. A accepts the case.";
  const range = active.slices[app.view.plane.value];
  if (range && range[0] === range[1]) return "When this slice is right, G carries it to the whole volume.";
  return "Scroll through the slices and correct where needed. A accepts the case, ? shows all keys.";
}

/** Live region: what changed, for those who do not see it. */
export function Said() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {useApp().notices.said.value}
    </div>
  );
}
