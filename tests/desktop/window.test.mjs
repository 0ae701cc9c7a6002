// The window's stories: a whole job, the same figures as the command line's, and every kind of end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Desktop, SPAT, family, nameOf, until } from "./driver.mjs";

const LONG = { timeout: 300_000 };
const TOY = fileURLToPath(new URL("../browser/toy.csv", import.meta.url));
const PICTURES = process.env.SPAT_PICTURES;

async function picture(desktop, name) {
  const png = await desktop.screenshot();
  if (PICTURES) {
    mkdirSync(PICTURES, { recursive: true });
    writeFileSync(join(PICTURES, `${name}.png`), png);
  }
}

/** Loads the sample and makes the model small. */
async function prepare(desktop, { epochs = 2 } = {}) {
  await desktop.press("engine-cpu");
  await desktop.press("sample-waves");
  await until("the table", () => desktop.text("table-name"));
  await desktop.run(() => {
    for (const more of document.querySelectorAll("details.more")) more.open = true;
  });
  const sizes = { lookback: 24, horizon: 8, epochs, layers: 2, width: 16, heads: 2, "finetune-epochs": 1 };
  for (const [name, value] of Object.entries(sizes)) await desktop.fill(name, value);
}

const ended = (desktop) =>
  until(
    "the dense model",
    () => desktop.run(() => Boolean(document.querySelector("[data-testid=prune-start]:enabled"))),
    120_000,
  );

function onlyRun(runs) {
  const names = existsSync(runs) ? readdirSync(runs) : [];
  assert.equal(names.length, 1, `one run in ${names}`);
  return join(runs, names[0]);
}

/** What two runs of one experiment share. */
function figures(folder) {
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  for (const model of [report.dense, report.pruned]) {
    delete model.step_ms_median;
    delete model.infer_ms_median;
    for (const epoch of model.history) delete epoch.seconds;
  }
  delete report.change.step_time_percent;
  delete report.change.infer_time_percent;
  delete report.scoring;
  delete report.command;
  return report;
}

const resume = (folder) =>
  execFileSync(SPAT, ["run", "--resume", "--run", folder, "--quiet"], { encoding: "utf8" });

/** The same run from its beginning, by the command line. */
function again(folder) {
  const copy = join(mkdtempSync(join(tmpdir(), "spat-again-")), "run");
  mkdirSync(join(copy, "checkpoint"), { recursive: true });
  for (const name of ["run.json", "experiment.json", "table.csv"]) cpSync(join(folder, name), join(copy, name));
  resume(copy);
  return copy;
}

test("a sample becomes a comparison, with the command line's figures", LONG, async () => {
  const desktop = await Desktop.open();
  try {
    await until("the page", () => desktop.run(() => !document.getElementById("first-paint")));
    await picture(desktop, "start");
    assert.ok((await desktop.text("runs-folder")).startsWith(desktop.runs));
    await prepare(desktop);
    await desktop.press("train-start");
    await ended(desktop);
    await picture(desktop, "trained");
    await desktop.press("prune-start");
    await until("the verdict", () => desktop.text("verdict"), 120_000);
    await until("the future", () => desktop.run(() => Boolean(document.querySelector("[data-testid=future] svg"))));
    for (const part of ["data", "train", "attention", "prune", "compare", "keep"]) {
      await desktop.run((part) => document.getElementById(part).scrollIntoView(), part);
      await picture(desktop, part);
    }
    const folder = onlyRun(desktop.runs);
    assert.match(folder, /planted-waves-itransformer-[0-9a-f]{8}$/);
    assert.deepEqual(figures(again(folder)), figures(folder));
    const complaints = await desktop.run(() => [...document.querySelectorAll("[data-testid=message]")].map((m) => m.textContent));
    assert.deepEqual(complaints, []);
  } finally {
    await desktop.close();
  }
});

test("the history shows what the command line did, and opens it", LONG, async () => {
  const home = mkdtempSync(join(tmpdir(), "spat-desktop-"));
  const run = join(home, "runs", "by-hand");
  const small = ["--lookback", "12", "--horizon", "4", "--layers", "2", "--width", "8", "--heads", "2", "--epochs", "1"];
  execFileSync(SPAT, ["run", TOY, ...small, "--device", "cpu", "--quiet", "--run", run]);
  const desktop = await Desktop.open({ home });
  try {
    await until("the history", () => desktop.run(() => document.querySelectorAll("[data-testid=runs] li").length === 1));
    await desktop.run(() => {
      const buttons = [...document.querySelectorAll("[data-testid=runs] button")];
      buttons.find((button) => button.textContent === "Open").click();
    });
    await until("the verdict", () => desktop.text("verdict"), 60_000);
    assert.match(await desktop.text("table-name"), /toy\.csv/);
  } finally {
    await desktop.close();
  }
});

for (const signal of ["SIGKILL", "SIGTERM"]) {
  test(`${signal} in the middle of a training leaves a run that the command line ends`, LONG, async () => {
    const desktop = await Desktop.open();
    let folder;
    try {
      await prepare(desktop, { epochs: 40 });
      await desktop.press("train-start");
      const state = await until("a checkpoint", () => {
        const [name] = existsSync(desktop.runs) ? readdirSync(desktop.runs) : [];
        const files = name ? readdirSync(join(desktop.runs, name, "checkpoint")) : [];
        return files.some((file) => !file.endsWith(".part")) && name;
      });
      folder = join(desktop.runs, state);
      const program = desktop.process();
      process.kill(program, signal);
      await until("its end", () => !family(desktop.driver.pid).includes(program), 90_000);
    } finally {
      await desktop.close();
    }
    assert.ok(!existsSync(join(folder, "report.json")), "it was in the middle");
    const whole = again(folder);
    resume(folder);
    assert.deepEqual(figures(folder), figures(whole));
  });
}

test("a table on the command line is opened, and an idle window is small", LONG, async () => {
  const desktop = await Desktop.open({ args: [TOY] });
  try {
    await until("the table", async () => /toy\.csv/.test((await desktop.text("table-name")) ?? ""));
    await new Promise((go) => setTimeout(go, 3_000));
    const kilobytes = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]);
    const sizes = family(desktop.process()).map((pid) => [nameOf(pid), kilobytes(pid) / 1024]);
    const sum = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`idle: ${sum.toFixed(0)} MB (${sizes.map(([name, size]) => `${name} ${size.toFixed(0)}`).join(", ")})`);
    assert.ok(sum < 250, `${sum} MB`);
  } finally {
    await desktop.close();
  }
});
