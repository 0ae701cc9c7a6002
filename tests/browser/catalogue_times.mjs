// How long each model of the catalogue takes on the sample table, with the web app's own settings, on the CPU: trained,
// pruned where it has attention, and compared. Prints a table for BENCHMARKS.md.
// Run after `cargo xtask dist`: node tests/browser/catalogue_times.mjs [MODEL …]
import { chooseSample, prune, text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const LONGEST = 600_000;
const chosen = process.argv.slice(2);

console.log("| model | trained, s | with pruning and comparison, s | MSE |\n|---|---|---|---|");
await visit(async (page) => {
  await chooseSample(page, "sample-weather");
  await page.getByText("More choices", { exact: true }).click();
  const kind = page.getByTestId("kind");
  const models = await kind.locator("option").evaluateAll((options) => options.map((option) => option.value));
  for (const model of models.filter((model) => !chosen.length || chosen.includes(model))) {
    await kind.selectOption(model);
    const start = performance.now();
    const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
    await page.getByTestId("train-start").and(page.locator(":enabled")).click();
    const reason = page.getByTestId("prune-reason");
    await reason.filter({ hasText: /^$|no attention modules/ }).waitFor({ state: "attached", timeout: LONGEST });
    const trained = seconds();
    if ((await text(page, "prune-reason")) === "") await prune(page, LONGEST);
    const errors = page.getByTestId("errors").locator("tbody tr");
    await errors.first().waitFor({ timeout: LONGEST });
    const mse = await errors.first().locator("td").first().textContent();
    console.log(`| ${model} | ${trained} | ${seconds()} | ${mse} |`);
  }
});
