// Jobs in the desktop app, and the same jobs on the command line.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SPAT, until } from "./driver.mjs";

/** Loads a sample and sets the fields of step 2, by their test ids. */
export async function prepare(desktop, sizes, sample = "waves") {
  await desktop.press("engine-cpu");
  await desktop.press(`sample-${sample}`);
  await until("the table", () => desktop.text("table-name"));
  await desktop.run(() => {
    for (const more of document.querySelectorAll("details.more")) more.open = true;
  });
  for (const [name, value] of Object.entries(sizes)) await desktop.fill(name, value);
}

/** Waits for a dense model that can be pruned. */
export const trained = (desktop) =>
  until(
    "the dense model",
    () => desktop.run(() => Boolean(document.querySelector("[data-testid=prune-start]:enabled"))),
    120_000,
  );

export function onlyRun(runs) {
  const names = existsSync(runs) ? readdirSync(runs) : [];
  assert.equal(names.length, 1, `one run in ${names}`);
  return join(runs, names[0]);
}

export const reportOf = (folder) => JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));

export const resume = (folder) =>
  execFileSync(SPAT, ["run", "--resume", "--run", folder, "--quiet"], { encoding: "utf8", stdio: "pipe" });

/** Repeats a run in another folder, on the command line. */
export function repeat(folder) {
  const copy = join(mkdtempSync(join(tmpdir(), "spat-again-")), "run");
  mkdirSync(join(copy, "checkpoint"), { recursive: true });
  for (const name of ["run.json", "experiment.json", "table.csv"]) cpSync(join(folder, name), join(copy, name));
  // Moves the original away meanwhile, so that nothing in it can be used.
  const away = `${folder}-away`;
  renameSync(folder, away);
  try {
    resume(copy);
  } finally {
    renameSync(away, folder);
  }
  return copy;
}
