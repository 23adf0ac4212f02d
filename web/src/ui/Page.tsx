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
      <div class="page" data-left={view.left.value} data-right={view.right.value}>
        <Bar />
        <ToolStrip />
        {view.left.value && <Cases />}
        <Stage {...stage} />
        {view.right.value && <Side />}
        <StatusBar />
      </div>
      <Notices />
      <KeySheet />
      <ConflictDialog />
      <Said />
    </HandsContext.Provider>
  );
}
