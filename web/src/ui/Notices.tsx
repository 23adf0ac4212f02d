import { useApp } from "./context";
import { IconButton } from "./buttons";
import { Icon } from "./icons";

const ICONS = { done: "check", warning: "warning", error: "warning" };

export function Notices() {
  const { notices } = useApp();
  return (
    <div class="notices">
      {notices.shown.value.map((one) => (
        <div key={one.id} class={`notice ${one.kind}`} role={one.kind === "error" ? "alert" : undefined}>
          <Icon name={ICONS[one.kind]} size={16} />
          <p>{one.sentence}</p>
          {one.action && (
            <button
              type="button"
              class="button with-words"
              onClick={() => {
                notices.close(one.id);
                one.action?.act();
              }}
            >
              {one.action.words}
            </button>
          )}
          <IconButton name="Close" icon="close" onClick={() => notices.close(one.id)} />
        </div>
      ))}
    </div>
  );
}
