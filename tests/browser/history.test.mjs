// The history of runs: names, selection, other tabs; and links.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSample, waitUntilTrained, prune, text, loadToy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const rows = (page) => page.getByTestId("runs").locator("li");
const nameOf = (row) => row.getByRole("textbox");

test("a run keeps the name that the user gave it", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    await loadToy(page);
    await train(page);
    const row = rows(page).first();
    const box = row.getByRole("checkbox");
    await box.check();
    assert.equal(await nameOf(row).inputValue(), "toy.csv · 2 layers, α to choose");
    await prune(page);
    assert.match(await nameOf(row).inputValue(), /^toy\.csv · α = 0\.5$/);
    await page.getByTestId("prune-ratio").fill("0");
    await page.getByTestId("prune-start").click();
    await page.getByTestId("prune-done").filter({ hasText: "Nothing was removed" }).waitFor({ timeout: 60_000 });
    assert.match(await nameOf(row).inputValue(), /^toy\.csv · α = 0$/, "the title follows the ratio");

    await nameOf(row).fill("my first run");
    await nameOf(row).blur();
    assert.ok(await box.isChecked(), "the box stays ticked");
    await page.reload();
    await row.getByRole("button", { name: "Open" }).click();
    await page.getByTestId("verdict").waitFor({ timeout: 60_000 });
    assert.equal(await nameOf(row).inputValue(), "my first run");
    await page.reload();
    await row.waitFor();
    assert.equal(await nameOf(row).inputValue(), "my first run");

    await row.getByRole("button", { name: "Open" }).click();
    await page.getByTestId("verdict").waitFor({ timeout: 60_000 });
    await row.getByRole("button", { name: "Delete" }).click();
    await row.getByRole("button", { name: "Really delete?" }).click();
    await page.getByTestId("verdict").waitFor({ state: "detached" });
    assert.equal(await rows(page).count(), 0);
    assert.ok(await page.getByTestId("save-report.json").isDisabled(), "nothing is left to save");
  }));

test("a run of another tab is not offered as interrupted", MINUTE, () =>
  visit(async (page, { context, address }) => {
    await chooseSample(page, "sample-weather");
    await page.getByTestId("train-start").click();
    await page.getByTestId("pause").and(page.locator(":enabled")).click();
    await page.getByTestId("progress-words").filter({ hasText: "paused" }).waitFor();
    const other = await context.newPage();
    await other.goto(`${address}#new`);
    await rows(other).first().waitFor();
    assert.equal(await other.getByTestId("resume-offer").count(), 0);
    await rows(other).first().getByRole("button", { name: "Continue" }).click();
    await other.getByTestId("message").filter({ hasText: "open in another tab" }).waitFor();
    await page.close();
    await other.reload();
    await other.getByTestId("resume").click();
    await waitUntilTrained(other);
  }));

test("a link contains the split and the reading options", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await page.getByText(/Channels: 5 of 5/).click();
    await page.getByTestId("channels").getByRole("checkbox", { name: "noise" }).uncheck();
    await page.getByText(/Channels: 4 of 5/).waitFor();
    for (let times = 0; times < 10; times++) await page.getByTestId("border-val").press("ArrowLeft");
    await page.getByTestId("shares").filter({ hasText: "training 60 %" }).waitFor();
    await page.getByText("Correct the detection").click();
    await page.getByTestId("fill").selectOption("last value seen");
    const link = await page.getByTestId("link").inputValue();
    await page.goto("about:blank");
    await page.goto(link);
    await chooseSample(page, "sample-waves");
    assert.match(await text(page, "table-name"), /× 4 channels/);
    assert.match(await text(page, "shares"), /training 60 %/);
    assert.equal(await page.getByTestId("fill").inputValue(), "1");
    assert.equal(await page.getByTestId("link").inputValue(), link);

    // Another table is read with the defaults.
    await page.goto("about:blank");
    await page.goto(link);
    await chooseSample(page, "sample-weather");
    assert.match(await text(page, "shares"), /training 70 %/);
  }));
