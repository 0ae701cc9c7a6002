// End-to-end tests of the desktop app: a whole job, equality with the command line, and termination.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Desktop, SPAT, runWithoutDriver, processTree, nameOf, proportionalMemory, until, webProcess } from "./driver.mjs";
import { repeat, onlyRun, prepare, reportOf, resume, trained } from "./jobs.mjs";

const LONG = { timeout: 300_000 };
const TOY = fileURLToPath(new URL("../browser/toy.csv", import.meta.url));
const PICTURES = process.env.SPAT_PICTURES;

async function screenshot(desktop, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await new Promise((painted) => setTimeout(painted, 500));
  // Of the whole screen, with the menu. WebKitGTK's driver never returns a screenshot without a GPU.
  execFileSync("import", ["-display", desktop.screenName, "-window", "root", join(PICTURES, `${name}.png`)]);
}

/** Loads the sample and selects a small model. */
const small = (desktop, epochs = 2) =>
  prepare(desktop, { lookback: 24, horizon: 8, epochs, layers: 2, width: 16, heads: 2, "finetune-epochs": 1 });

/** A report without the values that differ between runs of one experiment. */
function figures(folder) {
  const report = reportOf(folder);
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

test("a job gives the same results as the command line", LONG, async () => {
  const desktop = await Desktop.open();
  try {
    await screenshot(desktop, "start");
    assert.equal(await until("the runs' folder", () => desktop.text("runs-folder")), desktop.runs);
    await small(desktop);
    await desktop.press("train-start");
    await trained(desktop);
    await screenshot(desktop, "trained");
    await desktop.press("prune-start");
    await until("the verdict", () => desktop.text("verdict"), 120_000);
    await until("the future", () => desktop.run(() => Boolean(document.querySelector("[data-testid=future] svg"))));
    for (const part of ["data", "train", "attention", "prune", "compare", "keep"]) {
      await desktop.run((part) => document.getElementById(part).scrollIntoView(), part);
      await screenshot(desktop, part);
    }
    const folder = onlyRun(desktop.runs);
    assert.match(folder, /synthetic-waves-itransformer$/);
    assert.deepEqual(figures(repeat(folder)), figures(folder));
    const errors = await desktop.run(() => [...document.querySelectorAll("[data-testid=message]")].map((m) => m.textContent));
    assert.deepEqual(errors, []);
  } finally {
    await desktop.close();
  }
});

test("the history lists and opens runs of the command line", LONG, async () => {
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
  test(`${signal} during a training leaves a run that the command line completes`, LONG, async () => {
    const desktop = await Desktop.open();
    let folder;
    try {
      await small(desktop, 40);
      await desktop.press("train-start");
      const state = await until("a checkpoint", () => {
        const [name] = existsSync(desktop.runs) ? readdirSync(desktop.runs) : [];
        const files = name ? readdirSync(join(desktop.runs, name, "checkpoint")) : [];
        return files.some((file) => !file.endsWith(".part")) && name;
      });
      folder = join(desktop.runs, state);
      const program = desktop.process();
      process.kill(program, signal);
      await until("its end", () => !processTree(desktop.driver.pid).includes(program), 90_000);
    } finally {
      await desktop.close();
    }
    assert.ok(!existsSync(join(folder, "report.json")), "the run was not finished");
    const whole = repeat(folder);
    resume(folder);
    assert.deepEqual(figures(folder), figures(whole));
  });
}

test("a table in the arguments is opened", LONG, async () => {
  const desktop = await Desktop.open({ args: [TOY] });
  try {
    await until("the table", async () => /toy\.csv/.test((await desktop.text("table-name")) ?? ""));
  } finally {
    await desktop.close();
  }
});

test("a report that is dropped on the comparison is added to its table", LONG, async () => {
  const report = readFileSync(new URL("../../web/app/examples/weather.json", import.meta.url), "utf8");
  const desktop = await Desktop.open();
  try {
    await until("the page", () => desktop.text("runs-folder"));
    await desktop.run(() => {
      location.hash = "#class";
      location.reload();
    });
    await until("the comparison", () => desktop.run(() => Boolean(document.getElementById("class"))).catch(() => false));
    // The driver cannot drop files, so this sends the program's message for a dropped file.
    const rows = await desktop.run(async (report) => {
      const encode = (text) => new TextEncoder().encode(text);
      const message = encode(JSON.stringify({ table: { name: "Ann.json" } }));
      const frame = new Uint8Array([0, 0, 0, 0, ...message, ...encode(report)]);
      new DataView(frame.buffer).setUint32(0, message.length, true);
      const { callbacks, runCallback } = window.__TAURI_INTERNALS__;
      const rows = () => [...document.querySelectorAll("#class tbody tr")].length;
      // A channel receives messages by number; some were received before.
      for (let index = 0; index < 20 && !rows(); index++) {
        for (const id of callbacks.keys()) runCallback(id, { index, message: frame.buffer });
        await new Promise((drawn) => setTimeout(drawn, 200));
      }
      return rows();
    }, report);
    assert.ok(rows > 0);
    assert.match(await desktop.run(() => document.getElementById("class").textContent), /Ann/);
    assert.equal(await desktop.text("table-name"), null, "it is not loaded as a table");
  } finally {
    await desktop.close();
  }
});

test("the app may only call its own commands", LONG, async () => {
  const desktop = await Desktop.open();
  try {
    await until("the page", () => desktop.text("runs-folder"));
    const refused = await desktop.run(async () => {
      const { invoke } = window.__TAURI__.core;
      const framed = (value) => {
        const json = new TextEncoder().encode(JSON.stringify(value));
        const frame = new Uint8Array(4 + json.length);
        new DataView(frame.buffer).setUint32(0, json.length, true);
        frame.set(json, 4);
        return frame;
      };
      const answers = {};
      const ask = async (name, work) => {
        answers[name] = await work().then(() => "granted", (error) => String(error));
      };
      await ask("dialog", () => invoke("plugin:dialog|open", { options: {} }));
      await ask("window", () => invoke("plugin:window|close"));
      await ask("event", () => invoke("plugin:event|emit", { event: "x", payload: null }));
      await ask("outside", () => invoke("read_run_file", framed(["../..", "passwd"])));
      await ask("inside out", () => invoke("read_run_file", framed(["run", "../../secret"])));
      await ask("no frame", () => invoke("send_request", new Uint8Array([255, 255, 255, 255])));
      await ask("network", () => fetch("http://127.0.0.1:9/"));
      const script = document.createElement("script");
      script.textContent = "window.wasRun = true";
      document.head.append(script);
      answers.script = window.wasRun ? "granted" : "refused";
      return answers;
    });
    for (const [name, answer] of Object.entries(refused)) assert.notEqual(answer, "granted", name);
    assert.match(refused.dialog, /not allowed/);
    assert.match(refused.outside, /is not a valid run name/);
    assert.match(refused["inside out"], /is not a file of a run/);
    assert.match(refused["no frame"], /ends too early/);
  } finally {
    await desktop.close();
  }
});

test("the idle app uses little memory, opens no port and ends on SIGTERM", LONG, () =>
  runWithoutDriver(async (program) => {
    await until("its web process", () => webProcess(program.pid));
    await new Promise((go) => setTimeout(go, 5_000));
    const processes = processTree(program.pid);
    const sizes = processes.map((pid) => `${nameOf(pid)} ${proportionalMemory(pid).toFixed(0)}`);
    const sum = processes.map(proportionalMemory).reduce((sum, size) => sum + size, 0);
    console.log(`idle: ${sum.toFixed(0)} MB (${sizes.join(", ")})`);
    // Proportional memory of three processes, on a machine without a graphics card.
    assert.ok(sum < 250, `${sum} MB`);

    const sockets = new Set(processes.flatMap(openSockets));
    const listening = ["tcp", "tcp6"].flatMap((kind) =>
      readFileSync(`/proc/${program.pid}/net/${kind}`, "utf8")
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[3] === "0A" && sockets.has(fields[9])),
    );
    assert.deepEqual(listening, []);

    program.kill("SIGTERM");
    const [code] = await once(program, "exit");
    assert.equal(code, 0);
  }),
);

/** The inodes of a process's sockets. */
function openSockets(pid) {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
