// Steps of the workflow.
import { fileURLToPath } from "node:url";

export const text = (page, name) => page.getByTestId(name).textContent();

/** Loads a sample on the CPU. */
export async function chooseSample(page, sample) {
  await page.getByTestId("engine-cpu").check();
  await page.getByTestId(sample).click();
  await page.getByTestId("table-name").waitFor();
}

/** Loads a small table and selects a model that a software GPU trains in a minute. */
export async function loadToy(page) {
  const file = fileURLToPath(new URL("toy.csv", import.meta.url));
  await page.getByTestId("file").setInputFiles(file);
  await page.getByTestId("table-name").filter({ hasText: "toy.csv" }).waitFor();
  await page.getByText("More choices", { exact: true }).click();
  const sizes = { lookback: 12, horizon: 4, epochs: 2, layers: 2, width: 8, heads: 2, batch: 32, "finetune-epochs": 1 };
  for (const [name, value] of Object.entries(sizes)) {
    await page.getByTestId(name).fill(String(value));
    await page.getByTestId(name).blur();
  }
}

/** Waits until the dense model is trained. */
export async function waitUntilTrained(page, timeout = 90_000) {
  await page.getByTestId("prune-start").and(page.locator(":enabled")).waitFor({ timeout });
}

export async function train(page) {
  await page.getByTestId("train-start").click();
  await waitUntilTrained(page);
}

export async function prune(page, timeout = 90_000) {
  await page.getByTestId("prune-start").click();
  await page.getByTestId("verdict").waitFor({ timeout });
}
