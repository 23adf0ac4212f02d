import { fileVoxel } from "../state/geometry";
import { saveState } from "../state/saving";
import { capital, placeWords } from "../state/words";
import type { ModelState } from "../api/messages";
import { useApp } from "./context";
import { Icon } from "./icons";

const MODEL_WORDS: Record<ModelState["state"], string> = {
  starting: "starting",
  ready: "ready",
  busy: "working",
  restarting: "starting again",
  failed: "failed",
};

export function StatusBar() {
  return (
    <footer class="status">
      <Where />
      <Model />
      <Saved />
    </footer>
  );
}

function Where() {
  const app = useApp();
  const detail = app.doc.detail.value;
  const { grid } = app.doc;
  const at = app.view.crosshair.value;
  if (!detail || !grid) return <div class="where" />;
  const plane = app.view.plane.value;
  const found = app.viewer.value?.valueAt(at);
  const voxel = grid.toVoxel(at);
  const picture = detail.unit === "px" && detail.shape.includes(1); // x and y say it all
  return (
    <div class="where">
      <span class="where-mm" aria-label="Crosshair">
        {placeWords(picture ? grid.toMm(voxel) : at, detail.unit)} {detail.unit}
      </span>
      {!picture && (
        <span class="where-voxel" aria-label="Voxel" title="Voxel of the file, counted from 0">
          [{fileVoxel(voxel, detail.shape, detail.orientation).join(", ")}]
        </span>
      )}
      <span class="where-value" aria-label="Value">
        {found ? found.value.map((value) => Number(value.toPrecision(5))).join(" ") : ""}
      </span>
      {grid.slices(plane) > 1 && (
        <span class="where-slice">
          {capital(plane)} {grid.slice(plane, at) + 1} / {grid.slices(plane)}
        </span>
      )}
    </div>
  );
}

function Model() {
  const model = useApp().model.value;
  if (!model) return null;
  const name = model.adapter ? `${model.name} + adapter` : model.name;
  return (
    <div class={`model ${model.state}`} title={model.sentence || (model.adapter ?? model.name)}>
      <Icon name={model.state === "failed" ? "warning" : "model"} size={15} />
      <span class="model-name">{name}</span>
      <span>{MODEL_WORDS[model.state]}</span>
      {model.queue > 0 && <span class="dot">{model.queue} waiting</span>}
    </div>
  );
}

function Saved() {
  const { kind, words } = saveState(useApp());
  return (
    <div class={`saved ${kind}`} role="status" data-state={kind}>
      <Icon name={kind === "saved" ? "check" : kind === "saving" ? "save" : "warning"} size={15} />
      <span>{words}</span>
    </div>
  );
}
