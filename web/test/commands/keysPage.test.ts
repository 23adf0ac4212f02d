import { expect, test } from "vitest";
import { keysPage } from "../../src/commands/keysPage";

test("the page of the documentation is made from the table of commands", async () => {
  await expect(keysPage()).toMatchFileSnapshot("../../../docs/annotate-keys.md");
});
