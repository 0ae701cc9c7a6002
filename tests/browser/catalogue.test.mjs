// Every model of the catalogue in the web app.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadToy, prune, text } from "./steps.mjs";
import { visit } from "./visit.mjs";

/** Sizes that train in seconds, of the settings that a model has. */
const SMALL = {
  layers: 1,
  width: 16,
  ff: 16,
  heads: 2,
  prototypes: 8,
  words: 64,
  prompt: 24,
  epochs: 1,
  "finetune-epochs": 1,
};

test("each model of the catalogue is trained, pruned where it has attention, and compared", { timeout: 300_000 }, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    await loadToy(page);
    const kind = page.getByTestId("kind");
    const models = await kind.locator("option").evaluateAll((options) => options.map((option) => option.value));
    const pruned = [];
    for (const model of models) {
      await kind.selectOption(model);
      for (const [name, value] of Object.entries(SMALL)) {
        const field = page.getByTestId(name);
        if (await field.count()) {
          await field.fill(String(value));
          await field.blur();
        }
      }
      assert.deepEqual(await page.getByTestId("objection").allTextContents(), [], model);
      await page.getByTestId("train-start").and(page.locator(":enabled")).click();
      const reason = page.getByTestId("prune-reason");
      await reason.filter({ hasText: /^$|no attention modules/ }).waitFor({ state: "attached", timeout: 60_000 });
      if ((await text(page, "prune-reason")) === "") {
        await prune(page);
        pruned.push(model);
      }
      await page.getByTestId("errors").locator("tbody tr").first().waitFor();
    }
    assert.ok(pruned.length >= 4, `only ${pruned} were pruned`);
  }));
