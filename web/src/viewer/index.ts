// The viewer of the annotator. `?viewer=canvas` in the page's address asks for the one without WebGL.
//
// What the page's content policy must allow for it: `default-src 'self'` is enough, and trusted types may be required without
// any. Nothing is evaluated, no worker, no blob: or data: address is used, and styles are set property by property, which no
// policy restricts.

import { Stage } from "./stage";
import type { Viewer } from "./types";
import { SliceViewer } from "./viewer";

export async function createViewer(host: HTMLElement): Promise<Viewer> {
  const wanted = new URLSearchParams(location.search).get("viewer");
  const stage = new Stage(host, wanted !== "canvas" && hasWebGl());
  await stage.start();
  return new SliceViewer(stage);
}

function hasWebGl(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers keep few contexts
  return context !== null;
}
