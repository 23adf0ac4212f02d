// The sheet of keys, and what to do after another page changed the case.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { COMMANDS } from "../commands";
import { GROUPS } from "../commands/command";
import { POINTING } from "../commands/pointing";
import { leaveOut, repeat, repeatable } from "../state/conflicts";
import { nameOf } from "../state/words";
import { IconButton, Keys } from "./buttons";
import { useApp } from "./context";

function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const head = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    element.current?.showModal();
    head.current?.focus();
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-label={title} onClose={onClose}>
      <div class="dialog-head">
        <h2 ref={head} tabIndex={-1}>
          {title}
        </h2>
        <IconButton name="Close" icon="close" onClick={onClose} />
      </div>
      {children}
    </dialog>
  );
}

export function KeySheet() {
  const { view } = useApp();
  if (view.dialog.value !== "keys") return null;
  return (
    <Dialog title="Keys" onClose={() => (view.dialog.value = null)}>
      <div class="sheet">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {COMMANDS.filter((one) => one.group === group).map((one) => (
                <div key={one.id} class="sheet-row">
                  <dt>
                    {one.name}
                    {one.what && <small>{one.what}</small>}
                  </dt>
                  <dd>
                    {one.keys.map((key) => (
                      <Keys key={key} chord={key} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Mouse, pen and touch</h3>
          <dl>
            {POINTING.map(([what, how]) => (
              <div key={what} class="sheet-row">
                <dt>{what}</dt>
                <dd>{how}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <label class="single-keys">
        <input
          type="checkbox"
          checked={view.singleKeys.value}
          onChange={(event) => (view.singleKeys.value = event.currentTarget.checked)}
        />
        Single letters are commands. Switch this off where speech input or a keyboard aid types letters by itself.
      </label>
    </Dialog>
  );
}

export function ConflictDialog() {
  const app = useApp();
  const refusal = app.refusal.value;
  if (!refusal) return null;
  const edits = repeatable(refusal);
  return (
    <Dialog title="This case was changed elsewhere" onClose={() => leaveOut(app)}>
      <p>{refusal.conflict.sentence} It is shown here as it is now.</p>
      {edits.length > 0 ? (
        <>
          <p>What you did last is not in it:</p>
          <ul class="refused">
            {edits.map((one, at) => (
              <li key={at}>{nameOf(one, app.objects.value)}</li>
            ))}
          </ul>
        </>
      ) : (
        <p>Nothing of yours is missing.</p>
      )}
      {refusal.conflict.kept && <p class="hint">It is also kept on disk as {refusal.conflict.kept}.</p>}
      <div class="row end">
        <button type="button" class="button with-words" onClick={() => leaveOut(app)}>
          {edits.length ? "Leave it out" : "Go on"}
        </button>
        {edits.length > 0 && (
          <button type="button" class="button primary with-words" onClick={() => void repeat(app)}>
            Do it again on top
          </button>
        )}
      </div>
    </Dialog>
  );
}
