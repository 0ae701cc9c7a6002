// Links within the page and links to it, with motion on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { visit } from "./visit.mjs";

const MOTION = { context: { reducedMotion: "no-preference" } };

test("a step of the header scrolls its part under the header", { timeout: 60_000 }, () =>
  visit(async (page) => {
    await page.getByTestId("sample-waves").click();
    await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
    for (const part of ["keep", "model"]) {
      await page.getByTestId(`step-${part}`).click();
      const top = () => page.locator(`#${part}`).evaluate((element) => element.getBoundingClientRect().top);
      // The scroll has ended when two frames agree.
      let [last, now] = [Number.NaN, await top()];
      while (last !== now) {
        await page.waitForTimeout(200);
        [last, now] = [now, await top()];
      }
      const bottom = await page.evaluate(() => innerHeight + scrollY >= document.body.scrollHeight - 1);
      // Parts that the scroll passes are laid out on the way, and may move the target by some lines.
      assert.ok((now >= 0 && now < 200) || bottom, `${part} is ${now} px below the top`);
      assert.equal(await page.evaluate(() => document.activeElement.id), part);
    }
  }, MOTION),
);

test("a link whose setup is cut off says so", { timeout: 60_000 }, () =>
  visit(
    async (page) => {
      await page.getByText("The setup in this link cannot be read").waitFor();
    },
    { hash: "#%7B%22setup%22%3A%7B%22forec" },
  ),
);

test("lengths of a short table do not stay for the next", { timeout: 60_000 }, () =>
  visit(async (page) => {
    const table = (rows) => `a\n${Array.from({ length: rows }, (_, row) => row % 7).join("\n")}\n`;
    const give = async (name, rows) => {
      await page.getByTestId("file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(table(rows)) });
      await page.getByTestId("table-name").filter({ hasText: `${name}: ${rows.toLocaleString("en")} rows × 1 channel,` }).waitFor();
      return page.getByTestId("lookback").inputValue();
    };
    const long = await give("long.csv", 2000);
    assert.notEqual(await give("short.csv", 30), long);
    assert.equal(await give("again.csv", 2000), long);
  }),
);
