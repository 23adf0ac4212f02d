// Small messages for tests.
import type { CaseDetail, CaseSummary, Edited, ObjectState } from "../../src/api/messages";

export function summaryOf(change: Partial<CaseSummary> = {}): CaseSummary {
  return {
    case: "c1",
    name: "case 1",
    status: "open",
    volume: true,
    objects: 0,
    revision: 0,
    note: "",
    uncertainty: null,
    proposal: false,
    problem: null,
    ...change,
  };
}

/** 4 x 4 x 3 voxels of 2 x 2 x 5 mm. */
export function detailOf(change: Partial<CaseDetail> = {}): CaseDetail {
  return {
    case: "c1",
    name: "case 1",
    status: "open",
    note: "",
    revision: 0,
    undo: null,
    redo: null,
    shape: [4, 4, 3],
    affine: [
      [2, 0, 0, -3],
      [0, 2, 0, -3],
      [0, 0, 5, 10],
      [0, 0, 0, 1],
    ],
    spacing: [2, 2, 5],
    unit: "mm",
    orientation: "RAS",
    colour: false,
    modality: "MR",
    plane: "axial",
    presets: [],
    objects: [],
    asked: [],
    proposal: false,
    formats: ["nifti"],
    warnings: [],
    ...change,
  };
}

export function objectOf(object: number, label = "liver", voxels = 0): ObjectState {
  return { object, label, colour: "#ff0000", voxels, volume_ml: voxels / 50, extent: null, slices: {} };
}

export function editedOf(revision: number, change: Partial<Edited> = {}): Edited {
  return {
    revision,
    undo: null,
    redo: null,
    status: "work",
    note: "",
    objects: [],
    asked: [],
    patches: [],
    answer: null,
    warnings: [],
    ...change,
  };
}
