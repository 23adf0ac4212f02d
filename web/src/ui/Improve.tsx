// Learning from what was accepted.
import { useSignal } from "@preact/signals";
import { sentence } from "../api/errors";
import type { LearnRequest, LearnState } from "../api/messages";
import { minutesWords } from "../state/words";
import { useApp } from "./context";
import { Icon } from "./icons";

function useLearn(): (request: LearnRequest) => void {
  const app = useApp();
  return (request) => {
    // How it goes on is said over the socket; the answer may come after what was said later, and would take its place.
    app.api.learn(request).catch((error: unknown) => app.notices.show("error", sentence(error)));
  };
}

export function Improve() {
  const learn = useApp().learn.value;
  if (!learn) return null;
  return (
    <section id="improve" class="section improve" aria-labelledby="improve-title">
      <h2 id="improve-title">Improve the model</h2>
      {learn.sentence && learn.state !== "ready" && (
        <p class={learn.state === "failed" ? "hint problem" : "hint"}>{learn.sentence}</p>
      )}
      {(learn.state === "idle" || learn.state === "failed") && <Idle learn={learn} />}
      {(learn.state === "training" || learn.state === "validating" || learn.state === "proposing") && (
        <Running learn={learn} />
      )}
      {learn.state === "ready" && <Ready learn={learn} />}
    </section>
  );
}

function Idle({ learn }: { learn: LearnState }) {
  const app = useApp();
  const act = useLearn();
  const method = useSignal<"decoder" | "lora">("decoder");
  const minutes = useSignal(2);
  const accepted = app.cases.counts.value.accepted; // what was accepted since the server last spoke of learning counts, too
  const missing = learn.needed - accepted;
  if (missing > 0) {
    return (
      <>
        <progress max={learn.needed} value={accepted} aria-label="Accepted cases for learning" />
        <p class="hint">
          {missing === 1 ? "Accept 1 more case" : `Accept ${missing} more cases`}, then the model can learn from them.
        </p>
      </>
    );
  }
  return (
    <>
      <div class="row halves">
        <select
          class="select"
          aria-label="What is trained"
          value={method.value}
          onChange={(event) => (method.value = event.currentTarget.value as "decoder" | "lora")}
        >
          <option value="decoder">Decoder</option>
          <option value="lora">LoRA</option>
        </select>
        <select
          class="select"
          aria-label="For how long"
          value={minutes.value}
          onChange={(event) => (minutes.value = Number(event.currentTarget.value))}
        >
          {[1, 2, 5, 10, 30, 60].map((one) => (
            <option key={one} value={one}>
              {one} min
            </option>
          ))}
        </select>
      </div>
      <button
        type="button"
        class="button with-words wide"
        onClick={() => act({ action: "start", method: method.value, minutes: minutes.value })}
      >
        <Icon name="improve" size={16} />
        <span>Improve with {accepted} accepted cases</span>
      </button>
      {app.model.value?.adapter && (
        <button type="button" class="button with-words wide" onClick={() => act({ action: "propose" })}>
          Propose masks for the rest
        </button>
      )}
    </>
  );
}

function Running({ learn }: { learn: LearnState }) {
  const act = useLearn();
  const words = { training: "Training", validating: "Comparing", proposing: "Proposing masks" }[
    learn.state as "training"
  ];
  return (
    <>
      <progress max={learn.steps || 1} {...(learn.steps ? { value: learn.step } : {})} aria-label={words} />
      <div class="row spread">
        <p class="hint">
          {words}
          {learn.steps > 0 && `, ${learn.step} of ${learn.steps}`}
          {learn.seconds_left !== null && `, ${minutesWords(learn.seconds_left)} left`}
        </p>
        <button type="button" class="button with-words" onClick={() => act({ action: "stop" })}>
          Stop
        </button>
      </div>
    </>
  );
}

function Ready({ learn }: { learn: LearnState }) {
  const act = useLearn();
  const better = (learn.after ?? 0) > (learn.before ?? 0);
  return (
    <>
      <dl class="compare">
        <Dice name="In use" value={learn.before} />
        <Dice name="New" value={learn.after} better={better} />
      </dl>
      <p class="hint">
        {verdict(learn)} {learn.sentence}
      </p>
      <div class="row">
        <button
          type="button"
          class={`button with-words ${better ? "primary" : ""}`}
          onClick={() => act({ action: "keep" })}
        >
          Keep the new one
        </button>
        <button type="button" class="button with-words" onClick={() => act({ action: "discard" })}>
          Discard
        </button>
      </div>
    </>
  );
}

function verdict(learn: LearnState): string {
  const gain = (learn.after ?? 0) - (learn.before ?? 0);
  if (gain > 0) return "The new one is better.";
  return gain < 0 ? "The new one is worse." : "They are alike.";
}

function Dice({ name, value, better = false }: { name: string; value: number | null; better?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={better ? "better" : ""}>
        {better && <Icon name="up" size={14} />}
        {value === null ? "–" : value.toFixed(3)}
      </dd>
      <meter min={0} max={1} value={value ?? 0} aria-label={`Dice, ${name}`} />
    </div>
  );
}
