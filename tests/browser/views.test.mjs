// Charts and overlays: zoom, hidden charts, help texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSample, text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 60_000 };

test("a forecast is zoomed by sliders and keys, and reset", MINUTE, () =>
  visit(
    async (page) => {
      const figure = page.locator("figure[data-name=forecast]");
      const [first, last] = [page.getByTestId("zoom-first"), page.getByTestId("zoom-last")];
      await figure.locator("svg").waitFor();
      const rows = async () => [Number(await first.inputValue()), Number(await last.inputValue())];
      const drawn = () => figure.locator("svg").innerHTML();
      assert.deepEqual(await rows(), [-48, 23]);
      const before = await drawn();
      assert.match(before, />forecast<\/text>/);
      await page.getByTestId("zoom-whole").click();
      assert.deepEqual(await rows(), [-96, 23]);
      await first.fill("4");
      await last.press("ArrowLeft");
      assert.deepEqual(await rows(), [4, 22]);
      assert.doesNotMatch(await drawn(), />forecast<\/text>/, "its start is not shown");
      await figure.getByText("Data as a table").click();
      await figure.locator("tbody tr").first().waitFor();
      assert.equal(await figure.locator("tbody tr").count(), 19, "the table has the same rows");
      // At least two rows, whichever end is moved.
      await last.fill("0");
      assert.deepEqual(await rows(), [-1, 0]);
      await page.getByTestId("zoom-reset").click();
      assert.deepEqual(await rows(), [-48, 23]);
      assert.equal(await drawn(), before);
    },
    { hash: "" },
  ));

test("a chart that was hidden is drawn when it is shown", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor({ state: "attached" });
      const svg = page.locator("figure[data-name=series] svg");
      assert.equal(await svg.count(), 0);
      await page.evaluate(() => document.documentElement.removeAttribute("data-hide"));
      await svg.waitFor();
      const { width } = await svg.boundingBox();
      assert.ok(width > 600, `${width} pixels`);
      await page.setViewportSize({ width: 500, height: 800 });
      await page.waitForFunction(() => document.querySelector("figure[data-name=series] svg").viewBox.baseVal.width < 500);
    },
    { hash: "#new&hide=data&table=waves" },
  ));

for (const width of [1100, 600, 360]) {
  test(`an explanation covers the next section, ${width} pixels wide`, MINUTE, () =>
    visit(
      async (page) => {
        for (const about of ["Entropy", "Attention"]) {
          const help = page.locator("#attention .help").filter({ hasText: about }).first();
          await help.locator("summary").click();
          const shown = help.locator("p");
          // Every corner of the explanation is on top and inside the window.
          const covered = await shown.evaluate((shown) => {
            shown.scrollIntoView({ block: "center", behavior: "instant" });
            const { left, right, top, bottom } = shown.getBoundingClientRect();
            const corners = [[left + 12, top + 12], [right - 12, top + 12], [left + 12, bottom - 12], [right - 12, bottom - 12]];
            return corners.filter(([x, y]) => x < 0 || x > innerWidth || !shown.contains(document.elementFromPoint(x, y)));
          });
          assert.deepEqual(covered, [], about);
          await help.locator("summary").click();
        }
        // The steps stay at the window's edge, above all sections.
        await page.locator("#compare").evaluate((part) => part.scrollIntoView({ behavior: "instant" }));
        const top = await page.locator(".steps").evaluate((steps) => steps.getBoundingClientRect().top);
        assert.equal(top, 0);
        assert.ok(await page.evaluate(() => document.elementFromPoint(60, 20)?.closest(".steps") !== null));
      },
      { hash: "", context: { viewport: { width, height: 800 } } },
    ));
}

test("each size shows its duration with this table", MINUTE, () =>
  visit(async (page) => {
    assert.match(await text(page, "preset-quick"), /^Quick\s*$/, "no duration without a table");
    await chooseSample(page, "sample-weather");
    assert.match(await text(page, "preset-quick"), /Quick (a few seconds|\d+ s)/);
    const seconds = Number((await text(page, "preset-standard")).match(/Standard (\d+) s/)?.[1]);
    assert.ok(seconds <= 40, await text(page, "preset-standard"));
    assert.match(await text(page, "preset-thorough"), /Thorough \d+ min/);
  }));
