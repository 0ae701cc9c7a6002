// Accessibility checks by axe-core.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Bars at the edges cover what is scrolled below them; that does not make a control too small.
const WITHOUT_BARS = ".steps, .next, .lesson, .notices { position: static !important; }";

/** Violations of WCAG 2.2 A and AA; the page must be opened with `bypassCSP`. */
export async function violations(page) {
  await page.evaluate(axe);
  const style = await page.addStyleTag({ content: WITHOUT_BARS });
  const found = await page.evaluate(() =>
    axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  await style.evaluate((element) => element.remove());
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}
