// End-to-end workflows of the web app, from a table to a comparison.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseSample, waitUntilTrained, prune, text, loadToy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };

test("a sample is trained, pruned and compared on the CPU", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    assert.match(await text(page, "table-name"), /synthetic-waves\.csv: 2,000 rows × 5 channels, 1 h/);
    await train(page);
    assert.match(await text(page, "prune-scores-state"), /whole training/);
    assert.ok(await page.getByTestId("attention-map").isVisible());
    await prune(page);
    assert.match(await text(page, "verdict"), /attention module/);
    await page.getByTestId("future").locator("svg").waitFor();
    const rows = await page.getByTestId("errors").locator("tbody tr").count();
    assert.ok(rows >= 6, "both models, the control and the baselines");

    await page.getByTestId("window-after").click();
    await page.getByText(/^Test window/).filter({ hasNotText: "…" }).first().waitFor();
    await page.getByTestId("compare-channel").selectOption("0");
  }));

test("another ratio starts from the same dense model", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await prune(page);
    const first = await text(page, "verdict");
    const dense = await page.getByTestId("errors").locator("tbody tr").first().textContent();
    await page.getByTestId("prune-ratio").fill("100");
    await page.getByTestId("prune-start").click();
    await page.waitForFunction(
      (before) => {
        const verdict = document.querySelector("[data-testid=verdict]");
        return verdict && verdict.textContent !== before;
      },
      first,
      { timeout: 60_000 },
    );
    assert.equal(await page.getByTestId("errors").locator("tbody tr").first().textContent(), dense);
  }));

test("the same seed gives the same scores", MINUTE, () =>
  visit(async (page) => {
    const scores = async () => {
      await chooseSample(page, "sample-waves");
      await train(page);
      return page.getByTestId("prune-fates").textContent();
    };
    const first = await scores();
    await page.reload();
    assert.equal(await scores(), first);
  }));

test("a training can be paused, stepped, resumed, stopped and continued", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-weather");
    await page.getByTestId("train-start").click();
    await page.getByTestId("pause").and(page.locator(":enabled")).click();
    await page.getByTestId("progress-words").filter({ hasText: "paused" }).waitFor();
    const before = await text(page, "progress-words");
    await page.waitForTimeout(400);
    assert.equal(await text(page, "progress-words"), before, "nothing moves while it is paused");
    await page.getByTestId("step").click();
    await page.getByTestId("progress-words").filter({ hasNotText: before }).waitFor();
    await page.getByTestId("pause").click();
    await page.getByTestId("stop").click();
    await page.getByTestId("go-on").click();
    await waitUntilTrained(page);
  }));

test("a reload during a training offers to continue", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-weather");
    await page.getByTestId("train-start").click();
    await page.getByTestId("bars").locator("svg").waitFor({ timeout: 60_000 });
    await page.reload();
    await page.getByTestId("resume").click();
    await page.getByTestId("table-name").filter({ hasText: "nyc-weather" }).waitFor();
    await waitUntilTrained(page);
  }));

test("tables with European numbers and missing values are read, and other files are rejected", MINUTE, () =>
  visit(async (page) => {
    const drop = (name, content) =>
      page.getByTestId("file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
    let european = "Datum;Last;Preis\n";
    for (let row = 0; row < 600; row++) {
      const at = new Date(Date.UTC(2024, 0, 1, row));
      const date = `${String(at.getUTCDate()).padStart(2, "0")}.${String(at.getUTCMonth() + 1).padStart(2, "0")}.${at.getUTCFullYear()} ${String(at.getUTCHours()).padStart(2, "0")}:00`;
      const missing = row % 50 === 7;
      european += `${date};${missing ? "" : (10 + (row % 24)).toString()},5;${(row % 7) + 1},25\n`;
    }
    await drop("last.csv", european.replaceAll(";,5;", ";;"));
    assert.match(await text(page, "table-name"), /last\.csv: 600 rows × 2 channels, 1 h/);
    assert.match(await text(page, "repairs"), /missing cells filled/);

    await drop("picture.csv", "\u0089PNG\r\n\u001a\n\u0000\u0000");
    const problem = await text(page, "data-problem");
    assert.match(problem, /^picture\.csv: .{20,} last\.csv stays open\.$/);
    assert.match(await text(page, "table-name"), /last\.csv/, "the earlier table is kept");

    await drop("empty.csv", "");
    await page.getByTestId("data-problem").filter({ hasNotText: problem }).waitFor();

    await drop("short.csv", "a,b\n1,2\n2,3\n3,4\n4,5\n");
    assert.match(await text(page, "objection"), /row/);
    assert.ok(await page.getByTestId("train-start").isDisabled());
  }));

test("files are saved, and a saved model is opened", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await prune(page);
    const save = async (name) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId(name).click()]);
      return readFile(await download.path());
    };
    const report = JSON.parse(await save("save-report.json"));
    assert.ok(report.pruned.macs < report.dense.macs);
    assert.match((await save("save-report.html")).toString(), /<svg/);
    assert.match((await save("save-forecasts.csv")).toString(), /^row,stamp,channel,truth/);
    await page.getByTestId("save-future").and(page.locator(":enabled")).waitFor();
    assert.match((await save("save-future")).toString(), /^row,stamp,channel,dense,pruned/);
    const zip = await save("save-zip");
    assert.equal(zip.subarray(0, 2).toString(), "PK");
    assert.ok(zip.includes("pruned.safetensors") && zip.includes("report.html"));

    const model = await save("save-pruned.safetensors");
    const open = (buffer) =>
      page.getByTestId("file").setInputFiles({ name: "m.safetensors", mimeType: "", buffer });
    await open(model);
    await page.getByTestId("model-facts").getByText("lead, echo, tide, walk, noise").waitFor();
    await open(Buffer.from("no model"));
    await page.getByTestId("data-problem").filter({ hasText: "not a complete safetensors file" }).waitFor();
    const svg = await Promise.all([
      page.waitForEvent("download"),
      page.locator("figure[data-name=forecast]").getByRole("button", { name: "PNG" }).click(),
    ]);
    const png = await readFile(await svg[0].path());
    assert.equal(png.subarray(1, 4).toString(), "PNG");
  }));

test("a link contains the setup without data", MINUTE, () =>
  visit(async (page, { address }) => {
    await chooseSample(page, "sample-waves");
    await page.getByTestId("preset-standard").click();
    await page.getByTestId("seed").fill("77");
    await page.getByTestId("seed").blur();
    const link = await page.getByTestId("link").inputValue();
    assert.ok(link.startsWith(address) && !decodeURIComponent(link).includes("synthetic-waves"));
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByTestId("preset-standard").and(page.locator("[aria-pressed=true]")).waitFor();
    assert.equal(await page.getByTestId("seed").inputValue(), "77");
  }));

test("the history lists, compares and deletes runs", MINUTE, () =>
  visit(async (page) => {
    for (const seed of ["1", "2"]) {
      await chooseSample(page, "sample-waves");
      await page.getByTestId("seed").fill(seed);
      await page.getByTestId("seed").blur();
      await train(page);
      await prune(page);
    }
    await page.reload();
    const runs = page.getByTestId("runs").locator("li");
    await runs.nth(1).waitFor();
    await runs.nth(0).getByRole("checkbox").check();
    await runs.nth(1).getByRole("checkbox").check();
    await page.getByTestId("runs-compared").getByText("dense MSE, scaled").waitFor();
    await runs.nth(0).getByRole("button", { name: "Open" }).click();
    await page.getByTestId("verdict").waitFor({ timeout: 30_000 });
    await runs.nth(1).getByRole("button", { name: "Delete" }).click();
    await runs.nth(1).getByRole("button", { name: "Really delete?" }).click();
    // The app first checks whether another tab has the run open.
    await runs.nth(1).waitFor({ state: "detached" });
    assert.equal(await runs.count(), 1);
  }));

test("an engine that fails to load or crashes is replaced, and the run continues", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("engine-broken").waitFor({ timeout: 30_000 });
      await page.unroute("**/spat-worker_bg.wasm");
      await page.getByTestId("engine-renew").click();
      await chooseSample(page, "sample-weather");
      await page.getByTestId("train-start").click();
      await page.getByTestId("bars").locator("svg").waitFor({ timeout: 60_000 });
      await page.workers()[0].evaluate(() => {
        setTimeout(() => {
          throw new Error("killed for a test");
        });
      });
      await page.getByTestId("engine-broken").filter({ hasText: "killed for a test" }).waitFor();
      await page.getByTestId("engine-go-on").click();
      await waitUntilTrained(page);
    },
    {
      // The engine's module fails to load the first time.
      before: (page) => page.route("**/spat-worker_bg.wasm", (route) => route.abort()),
      expected: /spat-worker|Failed to (load|fetch)|killed for a test/,
    },
  ));

test("losses, scores and plan equal those of a native run", MINUTE, () =>
  visit(async (page) => {
    // `crates/spat-engine/tests/page.rs` compares the native engine with the same file.
    const native = JSON.parse(await readFile(new URL("toy.json", import.meta.url)));
    await page.getByTestId("engine-cpu").check();
    await loadToy(page);
    await train(page);
    await prune(page);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId("save-report.json").click(),
    ]);
    const report = JSON.parse(await readFile(await download.path()));
    assert.deepEqual(report.experiment, native.experiment);
    const near = (ours, theirs, what) =>
      assert.ok(Math.abs(ours - theirs) <= 1e-3 * Math.abs(theirs), `${what}: ${ours} for ${theirs}`);
    native.history.forEach((epoch, number) => {
      near(report.dense.history[number].train_loss, epoch.train_loss, `loss of epoch ${number + 1}`);
      near(report.dense.history[number].val_mse, epoch.val_mse, `validation of epoch ${number + 1}`);
    });
    native.scores.forEach((score, number) => {
      assert.equal(report.scores[number].module, score.module);
      near(report.scores[number].value, score.value, score.module);
    });
    assert.deepEqual(report.plan.removed, native.removed);
  }));

test("a small model trains on WebGPU and agrees with the CPU", { timeout: 700_000 }, () =>
  visit(
    async (page) => {
      await page.getByTestId("engine-gpu").check();
      await page.getByTestId("device").filter({ hasText: "Computes on the WebGPU" }).waitFor();
      await loadToy(page);
      await page.getByTestId("train-start").click();
      await waitUntilTrained(page, 300_000);
      const gpu = await page.getByTestId("prune-fates").textContent();
      await page.getByTestId("prune-start").click();
      await page.getByTestId("verdict").waitFor({ timeout: 300_000 });
      assert.match(await text(page, "verdict"), /attention module/);
      await page.getByTestId("future").locator("svg").waitFor({ timeout: 60_000 });
      await page.getByTestId("engine-cpu").check();
      await page.getByTestId("train-start").click();
      await waitUntilTrained(page, 60_000);
      const cpu = await page.getByTestId("prune-fates").textContent();
      const order = (fates) => [...fates.matchAll(/Encoder \d/g)].map(String);
      const scores = (fates) => [...fates.matchAll(/0\.\d+/g)].map(Number);
      assert.deepEqual(order(gpu), order(cpu), "the ranking is the same");
      scores(gpu).forEach((score, number) => {
        const other = scores(cpu)[number];
        assert.ok(Math.abs(score - other) <= 1e-2 * other, `${score} on the GPU, ${other} on the CPU`);
      });
    },
    { gpu: true },
  ));

test("without WebGPU the app reports it and computes on the CPU", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("device").filter({ hasText: "CPU" }).waitFor();
    await page.getByTestId("engine-gpu").check();
    await page.getByTestId("device").filter({ hasText: "no WebGPU adapter" }).waitFor();
  }));
