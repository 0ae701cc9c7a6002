// Forecasts of saved models without training.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { violations } from "./axe.mjs";
import { prune, text, loadToy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };

async function save(page, name) {
  const button = page.getByTestId(name).and(page.locator(":enabled"));
  await button.waitFor({ timeout: 60_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return readFile(await download.path());
}

const rows = (csv) => csv.toString().trim().split("\n").slice(1).map((line) => line.split(","));
const file = (name, buffer) => ({ name, mimeType: "", buffer });

test("a saved model gives the same forecast as the run that saved it", MINUTE, () =>
  visit(async (page, { address }) => {
    const table = await readFile(new URL("toy.csv", import.meta.url));
    await page.getByTestId("engine-cpu").check();
    await loadToy(page);
    await train(page);
    await prune(page);
    const shown = rows(await save(page, "save-future"));
    const pruned = await save(page, "save-pruned.safetensors");
    const dense = await save(page, "save-dense.safetensors");

    // Another visit, with the files only.
    await page.goto("about:blank");
    await page.goto(`${address}#new`);
    await page.getByTestId("engine-cpu").check();
    await page.getByTestId("file").setInputFiles([file("toy.csv", table), file("pruned.safetensors", pruned)]);
    await page.getByTestId("model-answer").locator("svg").waitFor({ timeout: 60_000 });
    assert.match(await text(page, "saved-model"), /Forecast by pruned\.safetensors.*pruned by send/);
    const answer = rows(await save(page, "save-forecast"));
    assert.equal(answer.length, shown.length);
    // Row, stamp, channel, forecast and the ends of both intervals.
    assert.deepEqual(answer, shown.map(([row, stamp, channel, , ...rest]) => [row, stamp, channel, ...rest]));
    assert.equal(await page.getByTestId("curves").locator("svg").count(), 0, "nothing was trained");

    assert.deepEqual(await violations(page), []);
    await page.getByTestId("model-channel").selectOption("1");
    const name = shown[1][2];
    await page.locator("figure[data-name=model-forecast] svg").getByText(`${name} from`).first().waitFor({ state: "attached" });

    await page.getByTestId("file").setInputFiles(file("dense.safetensors", dense));
    await page.getByTestId("saved-model").filter({ hasText: "Forecast by dense.safetensors" }).waitFor();
    await page.getByTestId("model-answer").locator("svg").waitFor();
    const other = rows(await save(page, "save-forecast"));
    assert.deepEqual(other.map((row) => row[3]), shown.map((row) => row[3]), "the dense model's forecast");

    // The next table is forecast at once, or the error is shown.
    await page.getByTestId("sample-waves").click();
    await page.getByTestId("model-answer").getByText(/other channels/).waitFor();
    await page.getByTestId("file").setInputFiles(file("damaged.safetensors", dense.subarray(0, dense.length - 100)));
    await page.getByTestId("data-problem").filter({ hasText: /damaged.safetensors: .*cut short/ }).waitFor();
    await page.getByTestId("model-away").click();
    assert.equal(await page.getByTestId("saved-model").count(), 0);
  }, { context: { bypassCSP: true } }));

test("a model without a table waits for one, and a reload removes it", MINUTE, () =>
  visit(async (page) => {
    const header = JSON.stringify({
      __metadata__: {
        spat: JSON.stringify({
          format: 1,
          version: "0.1.0",
          structure: {
            forecaster: { model: "dlinear", lookback: 12, horizon: 4, channels: 2, kernel: 25 },
            attention: [],
          },
          channels: ["a", "b"],
          scaler: { mean: [0, 0], std: [1, 1] },
          frequency: { Seconds: 3600 },
          data: { read: {}, series: {}, split: "EttHourly" },
          plan: null,
        }),
      },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await page.getByTestId("file").setInputFiles(file("m.safetensors", Buffer.concat([length, Buffer.from(header)])));
    await page.getByTestId("model-answer").getByText(/Now load a table/).waitFor();
    assert.match(await text(page, "model-facts"), /DLinear.*looks back 12 rows and forecasts 4.*2 channels: a, b/);
    await page.reload();
    assert.equal(await page.getByTestId("saved-model").count(), 0);
  }));
