// The sections' controls: the next-step button, the borders of the split, highlighted modules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSample, prune, text, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };

/** A table of `rows` dates, `step` days apart, with two columns. */
function table(rows, step) {
  let lines = "date,sales,visits\n";
  for (let row = 0; row < rows; row++) {
    const date = new Date(Date.UTC(2015, 0, 1 + row * step)).toISOString().slice(0, 10);
    const wave = Math.sin((row / 7) * 2 * Math.PI);
    lines += `${date},${(100 + 20 * wave + (row % 11)).toFixed(2)},${(40 - 9 * wave + (row % 5)).toFixed(2)}\n`;
  }
  return { name: "sales.csv", mimeType: "text/csv", buffer: Buffer.from(lines) };
}

test("the next-step button leads from a table to the comparison", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    const next = page.getByTestId("next");
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), next.click()]);
    await chooser.setFiles(table(900, 1));
    await next.filter({ hasText: /^Train$/ }).click();
    await next.filter({ hasText: "Prune and fine-tune" }).click({ timeout: 90_000 });
    await next.filter({ hasText: "Compare" }).click({ timeout: 90_000 });
    assert.ok(await page.getByTestId("verdict").isVisible());
    await page.getByTestId("forecast").locator("svg").waitFor();
    assert.equal(await page.getByTestId("lookback").inputValue(), "28", "a daily table gets four weeks");
    assert.equal(await page.getByTestId("horizon").inputValue(), "7");
    assert.equal(await page.getByTestId("headline").locator(".tile").count(), 5);
  }));

test("a short table gets window lengths that fit", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    await page.getByTestId("file").setInputFiles(table(120, 7));
    await page.getByTestId("table-name").filter({ hasText: "sales.csv" }).waitFor();
    assert.equal(await page.getByTestId("objection").count(), 0);
    await train(page);
  }));

test("the borders of the split move by pointer and keys", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    const border = page.getByTestId("border-val");
    assert.equal(await border.getAttribute("aria-valuenow"), "70");
    await border.press("ArrowLeft");
    await border.press("PageDown");
    assert.equal(await border.getAttribute("aria-valuenow"), "64");
    assert.match(await text(page, "shares"), /training 64 % *validation 16 % *test 20 %/);
    const windows = await page.getByTestId("cost").textContent();

    const { x, y, width, height } = await page.getByTestId("border-test").boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 - 30, y + height / 2, { steps: 4 });
    await page.mouse.up();
    const moved = Number(await page.getByTestId("border-test").getAttribute("aria-valuenow"));
    assert.ok(moved < 80 && moved > 70, `the border is at ${moved} %`);
    assert.equal(await border.getAttribute("aria-valuenow"), "64", "the other border stays");
    assert.equal(await page.getByTestId("cost").textContent(), windows, "the number of training windows is the same");
    await border.press("End");
    const most = await border.getAttribute("aria-valuemax");
    assert.equal(await border.getAttribute("aria-valuenow"), most, "no part becomes empty");
  }));

test("a hovered module is highlighted in every chart, and a click shows its maps", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    const drawn = (figure, module) => page.locator(`figure[data-name=${figure}] [data-module="encoder.${module}.attention"]`);
    await drawn("pruning-ranking", 1).hover();
    for (const figure of ["send", "network", "network-dense", "pruning-ranking"]) {
      await drawn(figure, 1).and(page.locator(".pointed")).waitFor({ state: "attached" });
      assert.ok(!(await drawn(figure, 0).getAttribute("class"))?.includes("pointed"), figure);
    }
    await page.locator(".fate.pointed[data-testid='fate-encoder.1.attention']").waitFor();
    await drawn("network-dense", 2).click();
    assert.ok(await page.getByTestId("attention-module-encoder.2.attention").isChecked());
    await page.getByTestId("attention-map-cells").hover();
    await page.locator(".fate.pointed[data-testid='fate-encoder.2.attention']").waitFor();
  }));

test("single heads are removed instead of modules", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await page.getByTestId("granularity-heads").check();
    assert.match(await text(page, "prune-rounding"), /50 % of 12 heads is 6: 6 are removed/);
    assert.match(await text(page, "tile-modules"), /heads removed *6 of 12/);
    await prune(page);
    assert.match(await text(page, "prune-done"), /without .*head/);
    assert.match(await text(page, "verdict"), /head/);
  }));

/** Reloads once a run of this stage is stored, which happens after it is shown. */
async function reloadOnceKept(page, stage) {
  const stages = () =>
    page.evaluate(async () => {
      const done = (request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await done(indexedDB.open("spat"));
      const cards = await done(database.transaction("cards").objectStore("cards").getAll());
      database.close();
      return cards.map((card) => JSON.parse(card).stage);
    });
  while (!(await stages()).includes(stage)) await page.waitForTimeout(50);
  await page.reload();
}

test("a reopened run has its curves", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await prune(page);
    await reloadOnceKept(page, "finished");
    await page.getByTestId("runs").getByRole("button", { name: "Open" }).click();
    await page.getByTestId("verdict").waitFor({ timeout: 30_000 });
    const lines = await page.getByTestId("curves").locator("svg path").count();
    assert.ok(lines >= 2, "the dense model's losses and its validation errors");
  }));

test("a reopened run without pruning has its curves", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await reloadOnceKept(page, "trained");
    await page.getByTestId("runs").getByRole("button", { name: "Open" }).click();
    await page.getByTestId("prune-start").and(page.locator(":enabled")).waitFor({ timeout: 30_000 });
    const lines = await page.getByTestId("curves").locator("svg path").count();
    assert.ok(lines >= 2, "the dense model's losses and its validation errors");
    await prune(page);
    assert.match(await page.getByTestId("curves").textContent(), /pruned/);
  }));

test("charts are as wide as their containers", MINUTE, () =>
  visit(
    async (page) => {
      await chooseSample(page, "sample-waves");
      await train(page);
      await prune(page);
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll(".drawing")]
          .filter((drawing) => drawing.scrollWidth > drawing.clientWidth + 1)
          .map((drawing) => drawing.parentElement.dataset.name),
      );
      assert.deepEqual(wide, []);
      const size = await page.locator("figure[data-name=forecast] svg text").first().evaluate((words) => {
        const svg = words.ownerSVGElement;
        return (12 * svg.clientWidth) / svg.viewBox.baseVal.width;
      });
      assert.ok(size > 11.5, `words of ${size} pixels`);
    },
    { context: { viewport: { width: 360, height: 740 } } },
  ));
