// Made by scripts/page_types.py from src/samaritan/annotate/messages/: change that, and run the script.

/** A click; `positive` where it belongs to the object. */
export interface Point {
  at: [number, number, number];
  positive: boolean;
}

/** A free line through voxels that belong to the object, or do not. */
export interface Scribble {
  path: [number, number, number][];
  positive: boolean;
}

/** Two opposite corners of a box on one slice. */
export interface Corners {
  a: [number, number, number];
  b: [number, number, number];
}

/** All that was said about one object on one slice of one plane. A lasso is a closed line, given as a rough mask. */
export interface Prompts {
  points: Point[];
  scribbles: Scribble[];
  box: Corners | null;
  lasso: [number, number, number][];
}

/** A kind of object, the same in all cases. */
export interface Label {
  name: string;
  colour: string;
}

/** One object of a case. */
export interface ObjectState {
  object: number;
  label: string;
  colour: string;
  voxels: number;
  volume_ml: number | null;
  extent: [number, number, number] | null;
  slices: Partial<Record<"axial" | "coronal" | "sagittal", [number, number]>>;
}

/** Prompts of one object on one slice; `index` counts slices of the shown grid along the plane's axis. */
export interface Asked {
  object: number;
  plane: "axial" | "coronal" | "sagittal";
  index: number;
  prompts: Prompts;
}

/** What the model said to the last question: estimates of IoU of its candidates, and which one was taken. */
export interface Answer {
  object: number;
  plane: "axial" | "coronal" | "sagittal";
  index: number;
  qualities: number[];
  candidate: number;
  encoded: boolean;
  seconds: number;
}

/** Part of the label array that changed: `data` is base64 of zlib of uint8 object numbers, first axis fastest. */
export interface Patch {
  low: [number, number, number];
  shape: [number, number, number];
  data: string;
}

/** The answer to an edit; when it arrives, the edit is on disk. */
export interface Edited {
  revision: number;
  undo: string | null;
  redo: string | null;
  status: "open" | "work" | "accepted" | "skipped";
  note: string;
  objects: ObjectState[];
  asked: Asked[];
  patches: Patch[];
  answer: Answer | null;
  warnings: string[];
}

/** `patch` holds 1 where the object would be; None where a later preview took this one's place. */
export interface Previewed {
  patch: Patch | null;
  quality: number | null;
}

/** Grey values that become black and white. */
export interface Preset {
  name: string;
  low: number;
  high: number;
}

/** A row of the list of cases. `uncertainty`: the higher, the sooner it should be looked at; None where unknown. */
export interface CaseSummary {
  case: string;
  name: string;
  status: "open" | "work" | "accepted" | "skipped";
  volume: boolean;
  objects: number;
  revision: number;
  note: string;
  uncertainty: number | null;
  proposal: boolean;
  problem: string | null;
}

/** An open case, apart from its arrays: GET .../image is a NIfTI file on the shown grid, GET .../labels its label array. */
export interface CaseDetail {
  case: string;
  name: string;
  status: "open" | "work" | "accepted" | "skipped";
  note: string;
  revision: number;
  undo: string | null;
  redo: string | null;
  shape: [number, number, number];
  affine: number[][];
  spacing: [number, number, number];
  unit: "mm" | "px";
  orientation: string;
  colour: boolean;
  modality: string | null;
  plane: "axial" | "coronal" | "sagittal";
  presets: Preset[];
  objects: ObjectState[];
  asked: Asked[];
  proposal: boolean;
  formats: ("nifti" | "png" | "dicom-seg")[];
  warnings: string[];
}

/** A new object of a label; with `object` None it gets the smallest free number. */
export interface AddObject {
  kind: "add-object";
  label: string;
  object?: number | null;
}

/** An object goes, with its mask and prompts. */
export interface RemoveObject {
  kind: "remove-object";
  object: number;
}

/** An object gets another label. */
export interface Relabel {
  kind: "relabel";
  object: number;
  label: string;
}

/** Segment a slice: these are all prompts of the object there, in place of earlier ones; its mask there is replaced. */
export interface Ask {
  kind: "ask";
  object: number;
  plane: "axial" | "coronal" | "sagittal";
  prompts: Prompts;
  candidate?: number | null;
  over?: "empty" | "all";
}

/** Brush or eraser: a disc of `radius` (mm) along `path` on one slice of `plane`. */
export interface Paint {
  kind: "paint";
  object: number;
  plane: "axial" | "coronal" | "sagittal";
  path: [number, number, number][];
  radius: number;
  erase?: boolean;
  over?: "empty" | "all";
}

/** From the object's prompted slices of `plane` to the whole volume; `first`/`last` are mm places that bound it. */
export interface Propagate {
  kind: "propagate";
  object: number;
  plane: "axial" | "coronal" | "sagittal";
  bounds?: [[number, number, number], [number, number, number]] | null;
  over?: "empty" | "all";
}

/** Empty an object: on the slice of `plane` at `at`, or everywhere where `at` is None; its prompts there go too. */
export interface Clear {
  kind: "clear";
  object: number;
  plane?: "axial" | "coronal" | "sagittal";
  at?: [number, number, number] | null;
}

/** Take the masks that an improved model proposed for this case (:attr:`CaseDetail.proposal`). */
export interface Propose {
  kind: "propose";
  replace?: boolean;
}

/** Status and note of a case; None leaves it as it is. Marks are journaled but are not part of undo. */
export interface Mark {
  kind: "mark";
  status?: "open" | "work" | "accepted" | "skipped" | null;
  note?: string | null;
}

/** Take the last edit back. */
export interface Undo {
  kind: "undo";
}

/** Do again what was taken back. */
export interface Redo {
  kind: "redo";
}

/** POST /api/cases/{case}/edits. */
export interface EditRequest {
  revision: number;
  request: string;
  edit: AddObject | RemoveObject | Relabel | Ask | Paint | Propagate | Clear | Propose | Mark | Undo | Redo;
}

/** POST /api/cases/{case}/preview: a mask that is not kept, as while a box is dragged; a later one takes its place. */
export interface PreviewRequest {
  object: number;
  plane: "axial" | "coronal" | "sagittal";
  prompts: Prompts;
}

/** POST /api/cases/{case}/focus, as a person scrolls: the slice that is looked at is encoded first, its neighbours next. */
export interface Focus {
  plane: "axial" | "coronal" | "sagittal";
  at: [number, number, number];
}

/** POST /api/labels; a colour is chosen where none is given. A label that is there gets the colour. */
export interface NewLabel {
  name: string;
  colour?: string | null;
}

/** POST /api/labels/rename: its value and colour stay, and every case and file that has the label follows. */
export interface RenamedLabel {
  name: string;
  to: string;
}

/** POST /api/cases/{case}/export; the answer is the file. */
export interface ExportRequest {
  format: "nifti" | "png" | "dicom-seg";
}

/** POST /api/dataset: accepted cases as images/ and masks/, which benchmark and adapt read. */
export interface ExportedSet {
  folder: string;
  cases: number;
  skipped: string[];
}

/** POST /api/learn: start, stop, keep the new model, or discard it. */
export interface LearnRequest {
  action: "start" | "stop" | "keep" | "discard" | "propose";
  method?: "decoder" | "lora";
  minutes?: number;
}

/** The model process: `ready` says whether questions are answered at once. */
export interface ModelState {
  name: string;
  adapter: string | null;
  state: "starting" | "ready" | "busy" | "restarting" | "failed";
  sentence: string;
  prompts: string[];
  queue: number;
}

/** Improve: `dice` are mean validation Dice of the model in use and of the new one, on accepted cases kept apart. */
export interface LearnState {
  state: "idle" | "training" | "validating" | "ready" | "proposing" | "failed";
  accepted: number;
  needed: number;
  step: number;
  steps: number;
  seconds_left: number | null;
  before: number | null;
  after: number | null;
  validation: number;
  sentence: string;
}

/** GET /api/session: everything but the cases. */
export interface Session {
  version: string;
  folder: string;
  output: string;
  labels: Label[];
  model: ModelState;
  learn: LearnState;
  limits: Record<string, number>;
}

/** GET /api/health: the server lives; `model` is the state of its model process. */
export interface Health {
  version: string;
  model: "starting" | "ready" | "busy" | "restarting" | "failed";
}

/** POST /api/launch: a link that opens the page once, in a browser that is not in yet. */
export interface Launch {
  url: string;
}

/** Every answer of 400 and more: one sentence, and a number that stands in the log beside what happened. */
export interface Failure {
  error: string;
  sentence: string;
  request: string;
}

/** 409: the case is at `revision`, which another page has made; the refused edit is kept on disk as `kept`. */
export interface Conflict {
  error: string;
  sentence: string;
  request: string;
  revision: number;
  kept: string | null;
}

/** What the server says by itself, over the socket /api/events. */
export interface Event {
  event: "model" | "learn" | "case" | "progress" | "labels" | "goodbye";
  case: string | null;
  model: ModelState | null;
  learn: LearnState | null;
  summary: CaseSummary | null;
  labels: Label[] | null;
  done: number | null;
  total: number | null;
}

export type Edit = AddObject | RemoveObject | Relabel | Ask | Paint | Propagate | Clear | Propose | Mark | Undo | Redo;
