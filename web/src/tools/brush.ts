import { stroke } from "./stroke";
import type { Tool } from "./tool";

export const tool: Tool = {
  id: "brush",
  name: "Brush",
  hint: "Paint by hand; [ and ] change the size, alt erases.",
  key: "d",
  icon: "brush",
  order: 5,
  mode: "draw",
  cursor: "none",
  sized: true,
  begin: (work, pointer) => stroke(work, pointer, !work.positive),
};
