// Labels, their objects, and what is known of each.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Label, ObjectState } from "../api/messages";
import { addObject, edit, removeObject, select, toggleHidden } from "../state/editing";
import { renameLabel, saveLabel } from "../state/labels";
import { extentWords, sizeWords, totalWords } from "../state/words";
import { CommandButton, IconButton } from "./buttons";
import { useApp } from "./context";

export function Objects() {
  const app = useApp();
  const labels = app.labels.value;
  return (
    <section class="section" aria-labelledby="objects-title">
      <div class="section-head">
        <h2 id="objects-title">Labels</h2>
        <CommandButton id="solo" icon="solo" kind="quiet" tip="end" />
        <CommandButton id="new-label" icon="plus" kind="quiet" tip="end" />
      </div>
      {app.session.value && !labels.length && !app.addingLabel.value && <NoLabel />}
      <ul class="labels">
        {labels.map((label, at) => (
          <LabelItem key={label.name} label={label} number={at + 1} />
        ))}
      </ul>
      {app.addingLabel.value && <NewLabel />}
      <Look />
    </section>
  );
}

function NoLabel() {
  const app = useApp();
  return (
    <div class="empty">
      <p>Name what you want to label, such as "liver".</p>
      <button type="button" class="button primary with-words" onClick={() => (app.addingLabel.value = true)}>
        Add the first label
      </button>
    </div>
  );
}

function LabelItem({ label, number }: { label: Label; number: number }) {
  const app = useApp();
  const objects = app.objects.value.filter((one) => one.label === label.name);
  const chosen = app.view.label.value === label.name;
  const renaming = useSignal(false);
  return (
    <li class="label" data-chosen={chosen}>
      {renaming.value && <Rename name={label.name} done={() => (renaming.value = false)} />}
      <div class="label-row" hidden={renaming.value}>
        <input
          type="color"
          class="swatch"
          aria-label={`Colour of ${label.name}`}
          value={label.colour}
          onChange={(event) => void saveLabel(app, label.name, event.currentTarget.value)}
        />
        <button
          type="button"
          class="label-name"
          aria-pressed={chosen}
          title={label.name}
          onClick={() => select(app, label.name, null)}
        >
          <span>{label.name}</span>
          {objects.length > 1 && <small>{totalWords(objects, app.doc.detail.value?.unit ?? "mm")}</small>}
          {number <= 9 && <kbd>{number}</kbd>}
        </button>
        {chosen && <IconButton name={`Rename ${label.name}`} icon="pencil" onClick={() => (renaming.value = true)} />}
        <IconButton
          name={`New object of ${label.name}`}
          icon="plus"
          disabled={!app.doc.detail.value}
          onClick={() => addObject(app, label.name)}
        />
      </div>
      {objects.length > 0 && (
        <ul class="objects">
          {objects.map((one) => (
            <ObjectItem key={one.object} object={one} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Value, colour and all objects of the label stay; only its name changes. */
function Rename({ name, done }: { name: string; done: () => void }) {
  const app = useApp();
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.select(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (await renameLabel(app, name, input.current?.value ?? "")) done();
  };
  return (
    <form class="new-label" onSubmit={(event) => void submit(event)}>
      <input
        ref={input}
        class="input"
        maxLength={64}
        required
        defaultValue={name}
        aria-label={`New name of ${name}`}
        pattern="[^\/\\]+"
        onKeyDown={(event) => event.key === "Escape" && done()}
      />
      <button type="submit" class="button primary with-words">
        Rename
      </button>
    </form>
  );
}

function ObjectItem({ object }: { object: ObjectState }) {
  const app = useApp();
  const { view, doc } = app;
  const unit = doc.detail.value?.unit ?? "mm";
  const active = view.object.value === object.object;
  const hidden = view.hidden.value.has(object.object);
  const name = `${object.label} ${object.object}`;
  return (
    <li class="object" data-active={active} data-hidden={hidden}>
      <button
        type="button"
        class="object-name"
        aria-pressed={active}
        onClick={() => select(app, object.label, object.object)}
      >
        <span class="object-colour" style={{ background: object.colour }} />
        <span class="unseen">{object.label} </span>
        <span class="object-number">{object.object}</span>
        <span class="object-size">{sizeWords(object, unit)}</span>
      </button>
      <IconButton
        name={hidden ? `Show ${name}` : `Hide ${name}`}
        icon={hidden ? "hidden" : "eye"}
        pressed={hidden}
        onClick={() => toggleHidden(app, object.object)}
      />
      <IconButton name={`Delete ${name}`} icon="trash" onClick={() => removeObject(app, object.object)} />
      {active && <ObjectFacts object={object} unit={unit} />}
    </li>
  );
}

function ObjectFacts({ object, unit }: { object: ObjectState; unit: "mm" | "px" }) {
  const app = useApp();
  const others = app.labels.value.filter((one) => one.name !== object.label);
  return (
    <div class="object-facts">
      {object.voxels > 0 && (
        <dl>
          <dt>Extent</dt>
          <dd>{extentWords(object, unit)}</dd>
          <dt>{unit === "px" ? "Pixels" : "Voxels"}</dt>
          <dd>{object.voxels.toLocaleString("en")}</dd>
        </dl>
      )}
      {others.length > 0 && (
        <select
          class="select"
          aria-label={`Give ${object.label} ${object.object} another label`}
          value=""
          onChange={(event) => {
            const label = event.currentTarget.value;
            if (!label) return;
            edit(app, { kind: "relabel", object: object.object, label });
            app.view.label.value = label;
          }}
        >
          <option value="">Change label…</option>
          {others.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function NewLabel() {
  const app = useApp();
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []); // before the next key, which would be a command
  const done = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = input.current?.value ?? "";
    if (!name.trim()) app.addingLabel.value = false;
    else if (await saveLabel(app, name)) {
      app.addingLabel.value = false;
      select(app, name.trim(), null);
    }
  };
  return (
    <form class="new-label" onSubmit={(event) => void done(event)}>
      <input
        ref={input}
        class="input"
        maxLength={64}
        placeholder="Name of the label"
        aria-label="Name of the new label"
        pattern="[^\/\\]+"
        onKeyDown={(event) => event.key === "Escape" && (app.addingLabel.value = false)}
      />
      <button type="submit" class="button primary with-words">
        Add
      </button>
    </form>
  );
}

function Look() {
  const { view } = useApp();
  const look = view.look.value;
  return (
    <div class="look">
      <label htmlFor="opacity">Opacity</label>
      <input
        id="opacity"
        type="range"
        min="0"
        max="1"
        step="0.05"
        value={look.opacity}
        onInput={(event) => (view.look.value = { ...look, outline: false, opacity: Number(event.currentTarget.value) })}
      />
      <CommandButton id="outline" icon="outline" kind="quiet" tip="end" />
    </div>
  );
}
