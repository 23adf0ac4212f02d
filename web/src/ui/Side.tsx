// The right side: what is labelled, what the model says, and the end of the case.
import { Answer } from "./Answer";
import { CommandButton } from "./buttons";
import { useApp } from "./context";
import { Export, Note, Verdict } from "./Finish";
import { Improve } from "./Improve";
import { Objects } from "./Objects";

export function Side() {
  return (
    <aside class="panel side" aria-label="Labels and model">
      <div class="side-scroll">
        <Proposal />
        <Objects />
        <Answer />
        <History />
        <Note />
        <Export />
        <Improve />
      </div>
      <Verdict />
    </aside>
  );
}

function Proposal() {
  if (!useApp().doc.detail.value?.proposal) return null;
  return (
    <section class="section proposal">
      <p>The improved model proposes masks for this case.</p>
      <CommandButton id="propose" icon="improve" words="Take the proposal" kind="primary" tip="end" />
    </section>
  );
}

function History() {
  const { undo, redo } = useApp().doc.detail.value ?? {};
  return (
    <section class="section" aria-labelledby="history-title">
      <div class="section-head">
        <h2 id="history-title">History</h2>
        <CommandButton id="undo" icon="undo" kind="quiet" more={undo} tip="end" />
        <CommandButton id="redo" icon="redo" kind="quiet" more={redo} tip="end" />
      </div>
      <dl class="history">
        <dt>Undo</dt>
        <dd title={undo ?? undefined}>{undo ?? "nothing yet"}</dd>
        <dt>Redo</dt>
        <dd title={redo ?? undefined}>{redo ?? "nothing"}</dd>
      </dl>
    </section>
  );
}
