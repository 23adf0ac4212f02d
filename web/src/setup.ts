// Makes the parts of the page and ties them together, without drawing anything.
import type { Api } from "./api/client";
import { unpack } from "./api/patch";
import type { Hands } from "./commands/command";
import { App } from "./state/app";
import { conflicted } from "./state/conflicts";
import { answered, refused } from "./state/editing";
import { Gestures, KeyPointer } from "./state/gestures";
import { Previews } from "./state/previews";

export function setUp(api: Api): Hands {
  const app = new App(api, (it) => ({
    send: (id, request, stop) => api.edit(id, request, stop),
    answered: (entry, edited) => answered(it, entry, edited),
    refused: (entry, failure) => refused(it, entry, failure),
    conflicted: (refusal) => conflicted(it, refusal),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    name: () => crypto.randomUUID(),
  }));
  const gestures = new Gestures(app, previewsOf(app));
  return { app, gestures, keys: new KeyPointer(app, gestures) };
}

function previewsOf(app: App): Previews {
  return new Previews({
    async send({ object, plane }, prompts, stop) {
      const id = app.doc.id;
      if (!id || app.model.value?.state === "starting") return null;
      const { patch } = await app.api.preview(id, { object, plane, prompts }, stop);
      return patch && unpack(patch);
    },
    show(patch, place) {
      const colour = app.objects.value.find((one) => one.object === place?.object)?.colour;
      app.viewer.value?.preview(patch, colour ?? "#ffffff");
    },
  });
}
