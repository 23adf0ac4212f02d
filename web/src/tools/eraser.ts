import { stroke } from "./stroke";
import type { Tool } from "./tool";

export const tool: Tool = {
  id: "eraser",
  name: "Eraser",
  hint: "Rub out by hand; [ and ] change the size.",
  key: "e",
  icon: "eraser",
  order: 6,
  mode: "draw",
  cursor: "none",
  sized: true,
  begin: (work, pointer) => stroke(work, pointer, true),
};
