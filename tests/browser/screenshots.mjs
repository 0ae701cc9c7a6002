// Screenshots of every section for `docs/`: light, dark, and on a narrow screen.
// Run after `cargo xtask dist`: node tests/browser/screenshots.mjs
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chooseSample, prune, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const PARTS = ["data", "model", "train", "attention", "prune", "compare", "keep"];

const LOOKS = {
  light: { viewport: { width: 1100, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1100, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light" },
};

for (const [look, context] of Object.entries(LOOKS)) {
  const folder = fileURLToPath(new URL(`../../docs/page/${look}/`, import.meta.url));
  await mkdir(folder, { recursive: true });
  await visit(
    async (page) => {
      await chooseSample(page, "sample-weather");
      await train(page);
      await prune(page);
      await page.getByTestId("future").locator("svg").waitFor();
      await page.evaluate(() => window.scrollTo({ top: 0, behavior: "instant" }));
      await page.screenshot({ path: `${folder}top.png` });
      // The sticky steps would cover part of every screenshot.
      await page.evaluate(() => document.querySelector(".steps").remove());
      for (const part of PARTS) await page.locator(`#${part}`).screenshot({ path: `${folder}${part}.png` });
    },
    { context: { ...context, bypassCSP: true } },
  );
}
