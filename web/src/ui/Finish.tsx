// The end of a case: note, status, export.
import type { ExportRequest } from "../api/messages";
import { exportCase, exportDataset } from "../state/exporting";
import { saveNote, writeNote } from "../state/notes";
import { CommandButton } from "./buttons";
import { useApp } from "./context";
import { Icon } from "./icons";

const FORMATS: Record<ExportRequest["format"], string> = { nifti: "NIfTI", png: "PNG", "dicom-seg": "DICOM SEG" };

export function Note() {
  const app = useApp();
  const detail = app.doc.detail.value;
  const draft = app.noteDraft.value;
  return (
    <section class="section">
      <h2>
        <label htmlFor="note">Note</label>
      </h2>
      <textarea
        id="note"
        class="input"
        rows={2}
        maxLength={4000}
        placeholder="What the next person should know"
        disabled={!detail}
        value={draft?.case === detail?.case ? draft?.note : (detail?.note ?? "")}
        onInput={(event) => writeNote(app, event.currentTarget.value)}
        onBlur={() => saveNote(app)}
      />
    </section>
  );
}

export function Export() {
  const app = useApp();
  const formats = app.doc.detail.value?.formats ?? [];
  return (
    <section class="section" aria-labelledby="export-title">
      <h2 id="export-title">Export</h2>
      <div class="row">
        {formats.map((format) => (
          <button
            key={format}
            type="button"
            class="button with-words"
            aria-label={`Export the masks of this case as ${FORMATS[format]}`}
            onClick={() => void exportCase(app, format)}
          >
            {FORMATS[format]}
          </button>
        ))}
      </div>
      <button type="button" class="button with-words wide" onClick={() => void exportDataset(app)}>
        <Icon name="save" size={16} />
        <span>Accepted cases as data set</span>
      </button>
    </section>
  );
}

export function Verdict() {
  const app = useApp();
  const status = app.doc.detail.value?.status;
  const done = status === "accepted" || status === "skipped";
  return (
    <div class="verdict" role="group" aria-label="This case">
      {done ? (
        <CommandButton id="reopen" icon="undo" words="Open again" tip="top" />
      ) : (
        <CommandButton id="skip" icon="skip" words="Skip" tip="top" />
      )}
      <CommandButton id="accept" icon="check" words="Accept" kind="primary" tip="top" />
    </div>
  );
}
