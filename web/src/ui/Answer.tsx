// What the model said last, and the other answers that it had.
import { takeCandidate } from "../state/editing";
import { capital } from "../state/words";
import { CommandButton } from "./buttons";
import { useApp } from "./context";

export function Answer() {
  const app = useApp();
  const answer = app.doc.answer.value;
  const asking = app.asking.value;
  const flat = app.doc.detail.value?.shape.includes(1);
  return (
    <section class="section answer" aria-labelledby="answer-title" aria-busy={asking !== null}>
      <div class="section-head">
        <h2 id="answer-title">Answer of the model</h2>
        <CommandButton id="candidate-previous" icon="left" kind="quiet" tip="end" />
        <CommandButton id="candidate-next" icon="right" kind="quiet" tip="end" />
      </div>
      {answer ? (
        <>
          <p class="answer-place">
            {!flat && (
              <span>
                {capital(answer.plane)} {answer.index + 1}
              </span>
            )}
            <span class={flat ? "" : "dot"}>{answer.seconds.toFixed(1)} s</span>
            {answer.encoded && <span class="dot">{flat ? "picture" : "slice"} was new</span>}
          </p>
          <ol class="candidates">
            {answer.qualities.map((quality, at) => (
              <Candidate key={at} at={at} quality={quality} />
            ))}
          </ol>
        </>
      ) : (
        <p class="hint">
          {asking ? "The model is working…" : "Its own estimate of quality appears here after a prompt."}
        </p>
      )}
    </section>
  );
}

function Candidate({ at, quality }: { at: number; quality: number }) {
  const app = useApp();
  const chosen = app.doc.answer.value?.candidate === at;
  const percent = Math.round(Math.min(Math.max(quality, 0), 1) * 100);
  return (
    <li>
      <button
        type="button"
        class="candidate"
        aria-pressed={chosen}
        aria-label={`Candidate ${at + 1}: predicted quality ${percent} %`}
        onClick={() => takeCandidate(app, at)}
      >
        <span class="candidate-number">{at + 1}</span>
        <meter min={0} max={100} value={percent} />
        <span class="candidate-quality">{percent} %</span>
      </button>
    </li>
  );
}
