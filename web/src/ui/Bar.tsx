// The top of the page: the case, the tools, and how things are shown.
import { takeWindow } from "../commands/moving";
import { STATUS_WORDS } from "../state/cases";
import { TOOLS } from "../tools";
import { CommandButton } from "./buttons";
import { useApp } from "./context";
import { Icon, StatusShape } from "./icons";

export function Bar() {
  return (
    <header class="bar">
      <CaseTitle />
      <Tools />
      <div class="bar-group" role="group" aria-label="Editing">
        <UndoButtons />
        <span class="rule" />
        <CommandButton id="volume" icon="volume" words="Whole volume" />
      </div>
      <Shown />
    </header>
  );
}

function CaseTitle() {
  const app = useApp();
  const detail = app.doc.detail.value;
  return (
    <div class="bar-case">
      <CommandButton id="left" icon="panelLeft" tip="start" />
      <div class="bar-case-name">
        {detail ? (
          <>
            <h1 title={detail.name}>{detail.name}</h1>
            <p>
              <StatusShape status={detail.status} />
              {STATUS_WORDS[detail.status]}
              {detail.modality && <span class="dot">{detail.modality}</span>}
            </p>
          </>
        ) : (
          <h1>samaritan</h1>
        )}
      </div>
    </div>
  );
}

function Tools() {
  return (
    <div class="bar-group" role="toolbar" aria-label="Tools">
      {TOOLS.map((tool) => (
        <CommandButton key={tool.id} id={`tool-${tool.id}`} icon={tool.icon} />
      ))}
    </div>
  );
}

function UndoButtons() {
  const { undo, redo } = useApp().doc.detail.value ?? {};
  return (
    <>
      <CommandButton id="undo" icon="undo" more={undo} />
      <CommandButton id="redo" icon="redo" more={redo} />
    </>
  );
}

function Shown() {
  const app = useApp();
  const theme = app.view.theme.value;
  const flat = app.doc.detail.value?.shape.includes(1);
  return (
    <div class="bar-group end" role="group" aria-label="View">
      <WindowChoice />
      {!flat && (
        <div class="segmented" role="group" aria-label="Layout">
          <CommandButton id="layout-three" icon="three" />
          <CommandButton id="layout-axial" icon="axial" />
          <CommandButton id="layout-coronal" icon="coronal" />
          <CommandButton id="layout-sagittal" icon="sagittal" />
        </div>
      )}
      <CommandButton id="fit" icon="fit" />
      <span class="rule" />
      <CommandButton id="theme" icon={theme} more={theme === "auto" ? "as the system" : theme} tip="end" />
      <CommandButton id="keys" icon="keys" tip="end" />
      <CommandButton id="right" icon="panelRight" tip="end" />
    </div>
  );
}

function WindowChoice() {
  const app = useApp();
  const presets = app.doc.detail.value?.presets ?? [];
  const now = app.view.window.value;
  if (!presets.length || !now || app.doc.detail.value?.colour) return null;
  const at = presets.findIndex((one) => one.low === now.low && one.high === now.high);
  const choose = (event: Event) => {
    const preset = presets[Number((event.currentTarget as HTMLSelectElement).value)];
    if (preset) takeWindow(app, preset);
  };
  return (
    <select class="select window-choice" aria-label="Window of grey values" value={at} onChange={choose}>
      {at < 0 && (
        <option value={-1}>
          {short(now.low)} to {short(now.high)}
        </option>
      )}
      {presets.map((preset, index) => (
        <option key={preset.name} value={index}>
          {preset.name}
        </option>
      ))}
    </select>
  );
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

/** Below the bar: what the tool in hand does, and its settings. */
export function ToolStrip() {
  const app = useApp();
  const tool = app.tool.value;
  return (
    <section class="strip" aria-label={`${tool.name}: settings`}>
      <strong>{tool.name}</strong>
      {app.knows(tool.needs) ? (
        <p class="strip-hint" title={tool.hint}>
          {tool.hint}
        </p>
      ) : (
        <Unsure />
      )}
      <div class="strip-settings">
        {tool.signed && <Sign />}
        {tool.sized && <Radius />}
        {tool.mode === "draw" && <CommandButton id="over" icon="over" words="Over others" tip="end" />}
        {tool.mode === "draw" && <CommandButton id="clear-slice" icon="clear" words="Clear slice" tip="end" />}
      </div>
    </section>
  );
}

const PLURAL: Record<string, string> = { box: "boxes", mask: "masks" };

/** The model answers, but was not trained with what this tool says. */
function Unsure() {
  const { name, prompts } = useApp().model.value!;
  const known = prompts.map((one) => PLURAL[one] ?? one).join(" and ");
  const words = `${name} knows ${known || "no prompts"} best: begin so, correct with this.`;
  return (
    <p class="strip-hint unsure" title={words}>
      <Icon name="warning" size={14} />
      {words}
    </p>
  );
}

function Sign() {
  const { view } = useApp();
  return (
    <div class="segmented sign" role="radiogroup" aria-label="Points and scribbles say">
      {[true, false].map((positive) => (
        <button
          key={String(positive)}
          type="button"
          role="radio"
          class={`button with-words ${positive ? "include" : "exclude"}`}
          aria-checked={view.positive.value === positive}
          data-tip={positive ? "Belongs to the object  X" : "Does not belong to it  X"}
          onClick={() => (view.positive.value = positive)}
        >
          <Icon name={positive ? "plus" : "minus"} size={14} />
          <span>{positive ? "Include" : "Exclude"}</span>
        </button>
      ))}
    </div>
  );
}

function Radius() {
  const app = useApp();
  const unit = app.doc.detail.value?.unit ?? "mm";
  return (
    <div class="radius">
      <CommandButton id="smaller" icon="minus" />
      <output aria-label="Radius of the brush">
        {app.view.radius.value} {unit}
      </output>
      <CommandButton id="larger" icon="plus" />
    </div>
  );
}
