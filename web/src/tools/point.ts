import { withPoint } from "../state/prompts";
import type { Tool } from "./tool";

export const tool: Tool = {
  id: "point",
  name: "Point",
  hint: "Click on the object; right-click, or alt-click, on what does not belong to it.",
  key: "p",
  icon: "point",
  order: 1,
  mode: "draw",
  cursor: "crosshair",
  signed: true,
  needs: "points",
  begin(work, pointer) {
    work.ask(withPoint(work.prompts, pointer.mm, work.positive));
    return null;
  },
};
