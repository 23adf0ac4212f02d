// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test } from "vitest";
import { Api } from "../../src/api/client";
import { setUp } from "../../src/setup";
import { CaseRows } from "../../src/ui/CaseRows";
import { HandsContext } from "../../src/ui/context";
import { FakeServer } from "../fake/server";
import { summaryOf } from "../fake/make";

test("of ten thousand cases those in sight are made, and the list is as long as all of them", async () => {
  const hands = setUp(new Api(new FakeServer().fetch));
  const shown = Array.from({ length: 10_000 }, (_, at) => summaryOf({ case: `c${at}`, name: `scan ${at}` }));
  const host = document.createElement("div");
  await act(() =>
    render(
      <HandsContext.Provider value={hands}>
        <CaseRows shown={shown} />
      </HandsContext.Provider>,
      host,
    ),
  );
  const rows = host.querySelectorAll(".case");
  expect(rows.length).toBeLessThan(80);
  expect(rows[0]!.textContent).toContain("scan 0");
  const space = [...host.querySelectorAll<HTMLElement>(".case-space")].map((one) => parseInt(one.style.height, 10));
  expect(space[0]! + space[1]! + rows.length * 44).toBe(440_000);
  const list = host.querySelector("ul")!;
  list.scrollTop = 220_000;
  await act(() => void list.dispatchEvent(new Event("scroll")));
  expect([...host.querySelectorAll(".case-name")].map((one) => one.textContent)).toContain("scan 5000");
});
