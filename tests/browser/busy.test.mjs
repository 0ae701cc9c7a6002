// Actions while a job runs, and answers that arrive late.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSample, waitUntilTrained, prune, text, loadToy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const enabled = (page, name) => page.getByTestId(name).and(page.locator(":enabled"));

test("a table cannot be changed while a job runs", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-weather");
    await page.getByTestId("train-start").click();
    await enabled(page, "pause").click();
    await page.getByTestId("progress-words").filter({ hasText: "paused" }).waitFor();
    const name = await text(page, "table-name");
    const shares = await text(page, "shares");

    for (const control of ["sample-waves", "file", "delimiter"]) {
      assert.ok(await page.getByTestId(control).isDisabled(), control);
    }
    const border = page.getByTestId("border-val");
    assert.equal(await border.getAttribute("aria-disabled"), "true");
    await border.press("ArrowLeft");
    assert.equal(await text(page, "shares"), shares);
    // Dropping a file has no control that could be disabled.
    await page.getByTestId("drop").evaluate((drop) => {
      const files = new DataTransfer();
      files.items.add(new File(["a,b\n1,2\n2,3\n3,4\n"], "other.csv"));
      drop.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    });
    await page.getByTestId("message").filter({ hasText: "Stop the training" }).waitFor();
    assert.equal(await text(page, "table-name"), name);
    const run = page.getByTestId("runs").locator("li").first();
    assert.ok(await run.getByRole("button", { name: "Delete" }).isDisabled(), "the running run cannot be deleted");

    await page.getByTestId("stop").click();
    await page.getByTestId("go-on").waitFor();
    await border.press("ArrowLeft");
    await page.getByTestId("shares").filter({ hasText: "training 69 %" }).waitFor();
    await page.getByTestId("sample-waves").click();
    await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
    // No results of the earlier run are shown for the new table.
    await train(page);
    assert.match(await text(page, "prune-fates"), /Encoder/);
  }));

test("a table that arrives late does not replace a newer one", MINUTE, () =>
  visit(
    async (page) => {
      const come = page.waitForResponse("**/demo/nyc-weather-2013.csv");
      await page.getByTestId("sample-weather").click();
      await page.getByTestId("sample-waves").click();
      await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
      await (await come).finished();
      await page.waitForTimeout(500);
      assert.match(await text(page, "table-name"), /synthetic-waves/);
    },
    {
      before: (page) =>
        page.route("**/demo/nyc-weather-2013.csv", async (route) => {
          await new Promise((later) => setTimeout(later, 1500));
          await route.continue();
        }),
    },
  ));

test("controls are disabled while the engine measures", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    await loadToy(page);
    await train(page);
    await page.evaluate(() => {
      window.measured = [];
      const look = () => {
        const words = document.querySelector("[data-testid=progress-words]").textContent;
        if (!words.includes("measuring")) return;
        const [pause, stop] = ["pause", "stop"].map((name) => document.querySelector(`[data-testid=${name}]`).disabled);
        window.measured.push({ words, pause, stop, next: document.querySelector("[data-testid=next]").textContent });
      };
      new MutationObserver(() => requestAnimationFrame(look)).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    await prune(page);
    const seen = await page.evaluate(() => window.measured);
    assert.ok(seen.length > 0, "the measuring was shown");
    for (const { words, pause, stop, next } of seen) {
      assert.match(words, /a few seconds/);
      assert.ok(pause && stop, "both are disabled");
      assert.match(next, /Measuring/);
    }
  }));

test("stop ends a pruning that was resumed", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-weather");
    await train(page);
    await page.getByTestId("prune-start").click();
    await enabled(page, "stop").click();
    await page.getByTestId("go-on").click();
    await enabled(page, "stop").click();
    await page.getByTestId("go-on").waitFor();
    await page.waitForTimeout(1000);
    assert.ok(await page.getByTestId("go-on").isVisible(), "it stays stopped");
    await page.getByTestId("go-on").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });
  }));

test("another engine is used from the next training on, and the app reports it", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-auto").check();
    await loadToy(page);
    await page.getByTestId("seed").fill("18446744073709551615");
    await page.getByTestId("seed").blur();
    await page.getByTestId("train-start").click();
    await waitUntilTrained(page);
    assert.equal(await page.getByTestId("seed").inputValue(), "18446744073709551615", "a seed has 64 bits");
    await page.getByTestId("engine-cpu").check();
    await page.getByTestId("device").filter({ hasText: "From the next training on" }).waitFor();
    await train(page);
    await page.getByTestId("device").filter({ hasText: /^Computes/ }).waitFor();
  }));
