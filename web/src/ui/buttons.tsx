import type { ComponentChildren } from "preact";
import { commandNamed, isEnabled } from "../commands";
import { keysOf } from "../commands/chord";
import { useHands } from "./context";
import { Icon } from "./icons";

interface CommandButtonProps {
  id: string;
  icon?: string;
  /** Shown beside the icon. */
  words?: ComponentChildren;
  /** More about what it would do now. */
  more?: string | null | undefined;
  kind?: "plain" | "primary" | "quiet";
  /** Where the tip opens, at an edge of the page. */
  tip?: "start" | "end" | "top";
}

/** A button of a command: name, key, state and whether it is possible come from the table. */
export function CommandButton({ id, icon, words, more, kind = "plain", tip }: CommandButtonProps) {
  const hands = useHands();
  const command = commandNamed(id);
  const key = command.keys[0] ?? "";
  const name = more ? `${command.name}: ${more}` : command.name;
  return (
    <button
      type="button"
      class={`button ${kind} ${words ? "with-words" : ""}`}
      aria-label={name}
      aria-keyshortcuts={command.keys.join(" ")}
      aria-pressed={command.pressed?.(hands.app)}
      disabled={!isEnabled(hands.app, command)}
      data-command={id}
      data-tip={`${name}  ${keysOf(key).join(" ")}`}
      data-tip-at={tip}
      onClick={() => command.run(hands)}
    >
      {icon && <Icon name={icon} />}
      {words && <span>{words}</span>}
    </button>
  );
}

interface IconButtonProps {
  name: string;
  icon: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  disabled?: boolean;
  tip?: "start" | "end" | "top";
}

export function IconButton({ name, icon, onClick, pressed, disabled, tip = "end" }: IconButtonProps) {
  return (
    <button
      type="button"
      class="button quiet small"
      aria-label={name}
      aria-pressed={pressed}
      disabled={disabled}
      data-tip={name}
      data-tip-at={tip}
      onClick={onClick}
    >
      <Icon name={icon} size={16} />
    </button>
  );
}

export function Keys({ chord }: { chord: string }) {
  return (
    <span class="keys">
      {keysOf(chord).map((part) => (
        <kbd key={part}>{part}</kbd>
      ))}
    </span>
  );
}
