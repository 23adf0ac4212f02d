/** What mouse, pen and fingers do on the image besides the tool in hand: what, and how. */
export const POINTING: readonly (readonly [string, string])[] = [
  ["Slices", "wheel"],
  ["Zoom", "Ctrl + wheel, or pinch"],
  ["Move the image", "middle button, Space + drag, or two fingers"],
  ["Window", "right button, drag"],
  ["What does not belong", "right-click, or Alt + click"],
];
