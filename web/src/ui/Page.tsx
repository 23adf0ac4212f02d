import type { Hands } from "../commands/command";
import { Said } from "./Banner";
import { Bar, ToolStrip } from "./Bar";
import { Cases } from "./Cases";
import { HandsContext } from "./context";
import { ConflictDialog, KeySheet } from "./Dialogs";
import { Notices } from "./Notices";
import { Side } from "./Side";
import { Stage, type StageProps } from "./Stage";
import { StatusBar } from "./StatusBar";

export function Page({ hands, ...stage }: { hands: Hands } & StageProps) {
  const { view } = hands.app;
  return (
    <HandsContext.Provider value={hands}>
      <a class="skip-link" href="#stage">
        To the image
      </a>
      <div class="page" data-right={view.isOpen("right")}>
        <Bar />
        <ToolStrip />
        {view.isOpen("left") && <Cases />}
        <Stage {...stage} />
        {view.isOpen("right") && <Side />}
        <StatusBar />
      </div>
      <Notices />
      <KeySheet />
      <ConflictDialog />
      <Said />
    </HandsContext.Provider>
  );
}
