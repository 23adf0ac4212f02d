// Icons, drawn on a square of 20 with lines of 1.5. They say nothing by themselves: what holds them has a name.
import type { ComponentChildren } from "preact";

const DRAWN: Record<string, ComponentChildren> = {
  look: (
    <>
      <path d="M10 2.5v5M10 12.5v5M2.5 10h5M12.5 10h5" />
      <circle cx="10" cy="10" r="1" fill="currentColor" stroke="none" />
    </>
  ),
  point: (
    <>
      <circle cx="10" cy="10" r="6.5" />
      <path d="M10 7v6M7 10h6" />
    </>
  ),
  box: (
    <>
      <path d="M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4" />
    </>
  ),
  scribble: <path d="M3 13c2.5-8 5-8 5-3.5s-2 5.5 0 5.5c2.5 0 2.5-9 5-9 2 0 .5 5 4 4.5" />,
  lasso: (
    <>
      <path
        d="M6.5 12.8C4.5 12 3 10.5 3 8.5c0-3 3-5 7-5s7 2 7 5-3 5-7 5c-1.3 0-2.5-.2-3.5-.7z"
        stroke-dasharray="2.6 2"
      />
      <path d="M6.5 12.8c1.7 1.2.5 4-2 3.7" />
    </>
  ),
  brush: (
    <>
      <path d="M16.5 3.5c-4 1.5-7 4.5-8.5 7.5l2 2c3-1.5 5.5-5 6.5-9.5z" />
      <path d="M7 11.5c-2.5 0-2.5 2.5-4 4.5 2.5.8 6 .5 6-2.5" />
    </>
  ),
  eraser: (
    <>
      <path d="M3.5 12.5l8-8a1.4 1.4 0 012 0l3 3a1.4 1.4 0 010 2l-6.5 6.5H7z" />
      <path d="M7.5 8.5l5 5M10 16h7" />
    </>
  ),
  undo: <path d="M4 8h8a4.25 4.25 0 010 8.5H8M7 4.5L3.5 8 7 11.5" />,
  redo: <path d="M16 8H8a4.25 4.25 0 000 8.5h4M13 4.5L16.5 8 13 11.5" />,
  volume: (
    <>
      <path d="M10 2.8l7 3.7-7 3.7-7-3.7z" />
      <path d="M3 10l7 3.7 7-3.7M3 13.5l7 3.7 7-3.7" />
    </>
  ),
  plus: <path d="M10 4v12M4 10h12" />,
  minus: <path d="M4 10h12" />,
  eye: (
    <>
      <path d="M2 10c2-3.7 4.7-5.5 8-5.5s6 1.8 8 5.5c-2 3.7-4.7 5.5-8 5.5S4 13.7 2 10z" />
      <circle cx="10" cy="10" r="2.3" />
    </>
  ),
  hidden: <path d="M2 9c2 3 4.7 4.5 8 4.5S16 12 18 9M4.5 12l-1.5 2M8 13.5L7.3 16M12 13.5l.7 2.5M15.5 12l1.5 2" />,
  solo: (
    <>
      <circle cx="10" cy="10" r="7" />
      <circle cx="10" cy="10" r="2.5" fill="currentColor" />
    </>
  ),
  pencil: <path d="M4 16l1-3.5L13.5 4 16 6.5 7.5 15zM12 5.5L14.5 8" />,
  trash: <path d="M3.5 5.5h13M8 5.5V3.5h4v2M5 5.5l.8 11h8.4l.8-11M8.5 8.5v5M11.5 8.5v5" />,
  close: <path d="M5 5l10 10M15 5L5 15" />,
  check: <path d="M4 10.5l4 4 8-9" />,
  skip: <path d="M4 4.5l7 5.5-7 5.5zM15.5 4.5v11" />,
  left: <path d="M12.5 4L6.5 10l6 6" />,
  right: <path d="M7.5 4l6 6-6 6" />,
  up: <path d="M4 12.5l6-6 6 6" />,
  down: <path d="M4 7.5l6 6 6-6" />,
  dark: <path d="M16.5 11.8A7 7 0 118.2 3.5a5.5 5.5 0 008.3 8.3z" />,
  light: (
    <>
      <circle cx="10" cy="10" r="3.3" />
      <path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.5 1.5M14.2 14.2l1.5 1.5M15.7 4.3l-1.5 1.5M5.8 14.2l-1.5 1.5" />
    </>
  ),
  auto: (
    <>
      <circle cx="10" cy="10" r="7" />
      <path d="M10 3a7 7 0 010 14z" fill="currentColor" stroke="none" />
    </>
  ),
  keys: (
    <>
      <rect x="2" y="5" width="16" height="10" rx="1.5" />
      <path d="M5 8.5h.01M8.3 8.5h.01M11.6 8.5h.01M15 8.5h.01M6 12h8" />
    </>
  ),
  fit: <path d="M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4M7.5 7.5h5v5h-5z" />,
  three: (
    <>
      <rect x="3" y="3.5" width="14" height="13" rx="1.5" />
      <path d="M11 3.5v13M11 10h6" />
    </>
  ),
  axial: (
    <>
      <ellipse cx="10" cy="10" rx="7" ry="3" />
      <path d="M10 2.5v3M10 14.5v3" />
    </>
  ),
  coronal: (
    <>
      <rect x="4" y="4" width="12" height="12" rx="3" />
      <path d="M10 7v6" />
    </>
  ),
  sagittal: (
    <>
      <ellipse cx="10" cy="10" rx="3" ry="7" />
      <path d="M2.5 10h3M14.5 10h3" />
    </>
  ),
  outline: <path d="M10 3.5c4.5 0 7 2.5 6.5 6.5s-3 7-6.5 6.5-6.5-2-6.5-6.5 2-6.5 6.5-6.5z" stroke-dasharray="3 1.8" />,
  save: <path d="M10 3v9M6.5 8.5L10 12l3.5-3.5M3.5 13.5v3h13v-3" />,
  improve: <path d="M3 15.5l4.5-5 3 3 6.5-8M12.5 5.5H17V10" />,
  warning: <path d="M10 3.5l7.5 13h-15zM10 8.5v4M10 14.5v.01" />,
  panelLeft: <path d="M3 4h14v12H3zM8 4v12" />,
  panelRight: <path d="M3 4h14v12H3zM12 4v12" />,
  search: (
    <>
      <circle cx="8.8" cy="8.8" r="5" />
      <path d="M12.6 12.6l4 4" />
    </>
  ),
  over: (
    <>
      <rect x="3" y="3" width="9.5" height="9.5" rx="1.5" />
      <path
        d="M7.5 12.5v3a1.5 1.5 0 001.5 1.5h6.5a1.5 1.5 0 001.5-1.5V9a1.5 1.5 0 00-1.5-1.5h-3"
        stroke-dasharray="2.2 1.8"
      />
    </>
  ),
  clear: <path d="M4.5 15.5h11M6 12.5L12.5 4l3.5 2.7-5.5 7.3-2.5.5z" />,
  model: (
    <>
      <rect x="5.5" y="5.5" width="9" height="9" rx="1.5" />
      <path d="M8 2.5v3M12 2.5v3M8 14.5v3M12 14.5v3M2.5 8h3M2.5 12h3M14.5 8h3M14.5 12h3" />
    </>
  ),
};

export function Icon({ name, size = 18 }: { name: string; size?: number }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {DRAWN[name]}
    </svg>
  );
}

/** A status by shape: an empty, a half and a ticked circle, a crossed one, and a sign of warning. */
export function StatusShape({ status }: { status: "open" | "work" | "accepted" | "skipped" | "problem" }) {
  if (status === "problem") {
    return (
      <span class="status-shape problem">
        <Icon name="warning" size={16} />
      </span>
    );
  }
  return (
    <svg class={`status-shape ${status}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {status === "accepted" ? (
        <>
          <circle cx="8" cy="8" r="7" fill="currentColor" />
          <path d="M4.8 8.3l2.2 2.2 4.2-4.8" class="inside" fill="none" stroke-width="1.8" />
        </>
      ) : (
        <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
      )}
      {status === "work" && <path d="M8 3.8a4.2 4.2 0 010 8.4z" fill="currentColor" />}
      {status === "skipped" && <path d="M3.8 12.2l8.4-8.4" stroke="currentColor" stroke-width="1.5" />}
    </svg>
  );
}
