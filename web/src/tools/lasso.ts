import { withLasso } from "../state/prompts";
import { Line, type Tool } from "./tool";

const MOST_POINTS = 2000;
const FEWEST_POINTS = 3;

export const tool: Tool = {
  id: "lasso",
  name: "Lasso",
  hint: "Draw roughly around the object; the model takes it as a first mask.",
  key: "l",
  icon: "lasso",
  order: 4,
  mode: "draw",
  cursor: "crosshair",
  needs: "mask",
  begin(work, pointer) {
    const line = new Line(pointer.mm, work.grain, MOST_POINTS);
    const { plane } = work.place;
    return {
      move(at) {
        if (line.add(at)) work.draft([{ kind: "line", path: [...line.path], plane, closed: true }]);
      },
      end(at) {
        line.add(at);
        work.draft([]);
        if (line.path.length >= FEWEST_POINTS) work.ask(withLasso(work.prompts, line.path));
      },
      cancel: () => work.draft([]),
    };
  },
};
