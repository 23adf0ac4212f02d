// The middle of the page: the viewer, and what lies over it.
import { useEffect, useRef } from "preact/hooks";
import { sentence } from "../api/errors";
import { openCase } from "../state/opening";
import type { Viewer } from "../viewer/types";
import { Banner, Coach } from "./Banner";
import { CommandButton } from "./buttons";
import { useApp } from "./context";
import { Icon } from "./icons";

export interface StageProps {
  createViewer: (host: HTMLElement) => Promise<Viewer>;
  onViewer: (viewer: Viewer) => () => void;
}

export function Stage({ createViewer, onViewer }: StageProps) {
  const app = useApp();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let end: (() => void) | null = null;
    let gone = false;
    createViewer(host.current!).then(
      (viewer) => {
        if (gone) viewer.dispose();
        else end = attach(host.current!, viewer, onViewer);
      },
      (error: unknown) => (app.fatal.value = sentence(error)),
    );
    return () => {
      gone = true;
      end?.();
    };
  }, []);
  return (
    <main class="stage" id="stage" tabIndex={-1}>
      <div
        class="viewer"
        id="image"
        ref={host}
        role="application"
        aria-label="Image"
        aria-describedby="coach"
        tabIndex={0}
        onPointerDown={() => host.current?.focus({ preventScroll: true })}
      />
      <Over />
      <Banner />
      <div class="stage-foot">
        <Progress />
        <Coach />
      </div>
    </main>
  );
}

function attach(host: HTMLElement, viewer: Viewer, onViewer: StageProps["onViewer"]): () => void {
  const watch = new ResizeObserver(() => viewer.resize());
  watch.observe(host);
  const untie = onViewer(viewer);
  return () => {
    watch.disconnect();
    untie();
    viewer.dispose();
  };
}

/** Instead of an image: it is being read, cannot be read, or there is none. */
function Over() {
  const app = useApp();
  const { doc, cases } = app;
  if (doc.loading.value && doc.loading.value !== doc.detail.value?.case && !doc.failed.value) {
    const name = cases.find(doc.loading.value)?.name ?? "";
    return (
      <div class="over" role="status">
        <span class="spinner" />
        <p>Reading {name}</p>
      </div>
    );
  }
  const failed = doc.failed.value;
  if (failed) {
    return (
      <div class="over" role="alert">
        <Icon name="warning" size={28} />
        <p>{failed.sentence}</p>
        <div class="row">
          <button type="button" class="button with-words" onClick={() => void openCase(app, failed.case)}>
            Try again
          </button>
          <CommandButton id="next-case" words="Next case" />
        </div>
      </div>
    );
  }
  if (doc.detail.value) return null;
  if (cases.all.value && !cases.all.value.length) {
    return (
      <div class="over">
        <p>No image was found in {app.session.value?.folder}.</p>
        <p class="hint">
          NIfTI, DICOM series, PNG, JPEG and TIFF are read. Start `samaritan annotate` with their folder.
        </p>
      </div>
    );
  }
  return (
    <div class="over" role="status">
      {cases.all.value ? <p>Choose a case at the left.</p> : <span class="spinner" />}
    </div>
  );
}

function Progress() {
  const app = useApp();
  if (app.asking.value !== "propagate") return null;
  const progress = app.progress.value;
  const known = progress && progress.case === app.doc.detail.value?.case && progress.total > 0;
  return (
    <div class="volume-progress" role="status">
      <span>To the whole volume</span>
      <progress max={known ? progress.total : 1} {...(known ? { value: progress.done } : {})} />
      <span class="count">{known ? `${progress.done} of ${progress.total} slices` : "waiting for the model"}</span>
      <CommandButton id="cancel" words="Stop" tip="top" />
    </div>
  );
}
