// What the server says by itself, and what to do when it went away and came back.
import { sentence, ServerError } from "../api/errors";
import type { CaseSummary, Event, Label, LearnState } from "../api/messages";
import type { App } from "./app";
import { renamedElsewhere } from "./labels";
import { currentCase, firstCases, openFirst, reload, rememberedCase, SIGNED_OUT } from "./opening";

const HEALTH_EVERY = 2000;

/** Read the session and the list; open a case when the page has just been opened. */
export async function start(app: App): Promise<void> {
  try {
    const [session, cases] = await Promise.all([app.api.session(), app.api.cases()]);
    app.session.value = session;
    app.labels.value = session.labels;
    app.model.value = session.model;
    app.learn.value = session.learn;
    app.cases.all.value = cases;
    app.fatal.value = null;
    app.online.value = true;
  } catch (error) {
    if (error instanceof ServerError && error.signedOut) app.fatal.value = SIGNED_OUT;
    else app.online.value = false;
    if (!app.session.value && !(error instanceof ServerError)) setTimeout(() => void start(app), HEALTH_EVERY);
    if (error instanceof ServerError && !error.signedOut) app.fatal.value = sentence(error);
    return;
  }
  if (!currentCase(app)) await openFirst(app, firstCases(app.cases.all.value, rememberedCase()));
}

/** The socket is open (again): the list may have changed, and edits that wait can go. */
export async function online(app: App, again: boolean): Promise<void> {
  app.online.value = true;
  if (!again) return;
  await start(app);
  app.outbox.retry();
  const id = app.doc.id;
  if (id) comparedWith(app, app.cases.find(id));
}

/** The socket does not say why it is refused: a new run of the server, which knows nothing of this page, tells a request. */
export function offline(app: App): void {
  app.online.value = false;
  app.api.session().catch((error: unknown) => {
    if (error instanceof ServerError && error.signedOut) app.fatal.value = SIGNED_OUT;
  });
}

export function heard(app: App, event: Event): void {
  if (event.event === "model" && event.model) app.model.value = event.model;
  else if (event.event === "learn" && event.learn) learned(app, event.learn);
  else if (event.event === "labels" && event.labels) labelled(app, event.labels);
  else if (event.event === "case" && event.summary) changed(app, event.summary);
  else if (event.event === "progress" && event.case && event.total) {
    app.progress.value = { case: event.case, done: event.done ?? 0, total: event.total };
  } else if (event.event === "goodbye") app.online.value = false;
}

function labelled(app: App, labels: readonly Label[]): void {
  const at = app.labels.value.findIndex((one) => one.name === app.view.label.value);
  app.labels.value = [...labels];
  if (!labels.some((one) => one.name === app.view.label.value)) app.view.label.value = labels[at]?.name ?? null;
  // The page that gave another name knows so from its answer, which comes at the same time.
  setTimeout(() => renamedElsewhere(app) && void reload(app), 500);
}

function changed(app: App, summary: CaseSummary): void {
  if (app.cases.find(summary.case)) app.cases.update(summary.case, summary);
  else app.cases.all.value = [...(app.cases.all.value ?? []), summary];
  comparedWith(app, summary);
}

/** Another page, or a script, changed the case that is open: show what it is like now. Own edits come with their answer. */
function comparedWith(app: App, summary: CaseSummary | undefined): void {
  const detail = app.doc.detail.value;
  if (!summary || !detail || summary.case !== detail.case || app.outbox.waiting(detail.case).length) return;
  if (summary.revision > detail.revision) {
    app.notices.show("done", "This case was changed elsewhere; it was read again.");
    void reload(app);
  } else if (summary.proposal !== detail.proposal) {
    app.doc.detail.value = { ...detail, proposal: summary.proposal };
  }
}

function learned(app: App, learn: LearnState): void {
  const before = app.learn.value?.state;
  app.learn.value = learn;
  if (before && before !== learn.state && learn.state === "ready") {
    app.notices.show("done", "Improve has finished: compare the new model with the one in use.", {
      words: "Compare",
      act: () => {
        app.view.open("right");
        requestAnimationFrame(() => document.getElementById("improve")?.scrollIntoView({ block: "end" }));
      },
    });
  }
}
