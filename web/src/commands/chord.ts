// Keys as words: "ctrl+shift+z", "arrowup", "[", "?". The command key of a Mac counts as ctrl.

interface Keys {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const NAMES: Record<string, string> = { " ": "space", Esc: "escape" };

export function chordOf(event: Keys): string {
  const key = NAMES[event.key] ?? event.key.toLowerCase();
  // Signs such as ? and + are typed with shift on some keyboards only: the sign is what counts.
  const sign = event.key.length === 1 && !/[a-z0-9 ]/i.test(event.key);
  const parts = [
    event.ctrlKey || event.metaKey ? "ctrl" : "",
    event.altKey ? "alt" : "",
    event.shiftKey && !sign ? "shift" : "",
    key,
  ];
  return parts.filter(Boolean).join("+");
}

const SHOWN: Record<string, string> = {
  ctrl: "Ctrl",
  alt: "Alt",
  shift: "Shift",
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
  pageup: "Page up",
  pagedown: "Page down",
  home: "Home",
  end: "End",
  enter: "Enter",
  escape: "Esc",
  delete: "Del",
  backspace: "Backspace",
  space: "Space",
};

/** The parts of a chord as a keyboard names them. */
export function keysOf(chord: string): string[] {
  return chord.split(/\+(?=.)/).map((part) => SHOWN[part] ?? part.toUpperCase());
}

/** Whether the chord is a single key that somebody may be typing. */
export function isSingle(chord: string): boolean {
  return !/^(ctrl|alt)\+/.test(chord) && chord !== "escape";
}
