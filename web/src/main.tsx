import { effect } from "@preact/signals";
import { render } from "preact";
import { Api } from "./api/client";
import { Events, eventsUrl } from "./api/events";
import { listenToKeys } from "./commands";
import { setUp } from "./setup";
import { heard, offline, online, start } from "./state/listening";
import { saveNote } from "./state/notes";
import { bindStage } from "./state/stage";
import { bindTheme } from "./state/theme";
import "./style/index.css";
import { Page } from "./ui/Page";
import { createViewer } from "./viewer";
import type { Viewer } from "./viewer/types";

const hands = setUp(new Api());
const { app, gestures, keys } = hands;

bindTheme(app);
listenToKeys(hands);
effect(() => {
  const detail = app.doc.detail.value;
  document.title = detail ? `${detail.name} - samaritan` : "samaritan";
});
globalThis.addEventListener("beforeunload", (event) => {
  saveNote(app); // on its way while the browser asks
  if (app.unsaved.value) event.preventDefault();
});

function tie(viewer: Viewer): () => void {
  const untie = bindStage(app, viewer, gestures, () => keys.moved());
  void start(app);
  return untie;
}

render(<Page hands={hands} createViewer={createViewer} onViewer={tie} />, document.getElementById("page")!);

const events = new Events({
  url: eventsUrl(location),
  onEvent: (event) => heard(app, event),
  onUp: (again) => void online(app, again),
  onDown: () => offline(app),
});

globalThis.addEventListener("pagehide", () => events.close());
