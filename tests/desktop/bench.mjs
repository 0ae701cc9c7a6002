// Benchmark of the desktop app: its idle memory, and one job in it and on the command line in turn.
//
//   node bench.mjs [ROUNDS]       (`cargo xtask bench --desktop` builds both programs first)
import { rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Desktop, runWithoutDriver, processTree, mappings, nameOf, processorTime, proportionalMemory, until, webProcess } from "./driver.mjs";
import { repeat, onlyRun, prepare, reportOf } from "./jobs.mjs";

const ROUNDS = Number(process.argv[2] ?? 5);
const JOB = { lookback: 96, horizon: 24, epochs: 5, layers: 3, width: 128, heads: 8, "finetune-epochs": 2 };

/** Proportional memory of each process, five seconds after the app is loaded. */
async function memory() {
  await runWithoutDriver(async (program) => {
    await until("its web process", () => webProcess(program.pid));
    await new Promise((go) => setTimeout(go, 5_000));
    const processes = processTree(program.pid);
    console.log("| process | MB | the largest parts of it |");
    console.log("|---|---|---|");
    let sum = 0;
    for (const pid of processes) {
      sum += proportionalMemory(pid);
      const parts = mappings(pid)
        .slice(0, 5)
        .map(([name, size]) => `${name} ${size.toFixed(0)}`);
      console.log(`| ${nameOf(pid)} | ${proportionalMemory(pid).toFixed(0)} | ${parts.join(", ")} |`);
    }
    console.log(`| all | ${sum.toFixed(0)} | |`);
  });
}

const seconds = (model) => model.history.reduce((sum, epoch) => sum + epoch.seconds, 0);

/** The times in a report. */
const measured = ({ dense, pruned }) => ({
  "dense, training step, ms": dense.step_ms_median,
  "pruned, training step, ms": pruned.step_ms_median,
  "dense, forecast, ms": dense.infer_ms_median,
  "pruned, forecast, ms": pruned.infer_ms_median,
  "epochs, s": seconds(dense) + seconds(pruned),
});

/** Presses both buttons as soon as they are enabled; inside the app, since polling by the driver takes its time. */
function pressBoth(done) {
  const find = (name, state = "") => document.querySelector(`[data-testid="${name}"]${state}`);
  const soon = (ask, then) => {
    const found = ask();
    if (found) then(found);
    else setTimeout(soon, 50, ask, then);
  };
  const press = (name, then) => soon(() => find(name, ":enabled"), (button) => (button.click(), then()));
  press("train-start", () => press("prune-start", () => soon(() => find("verdict"), () => done(true))));
}

/** Runs the job in the desktop app, from the press of the button to the report. */
async function inWindow() {
  const desktop = await Desktop.open();
  try {
    await prepare(desktop, JOB, "weather");
    const page = webProcess(desktop.process());
    const before = processorTime(page);
    const begun = Date.now();
    await desktop.runUntilDone(pressBoth);
    const drawing = processorTime(page) - before;
    const folder = onlyRun(desktop.runs);
    const whole = (statSync(join(folder, "report.json")).mtimeMs - begun) / 1000;
    return { folder, drawing, times: { ...measured(reportOf(folder)), "the whole job, s": whole } };
  } finally {
    await desktop.close();
  }
}

/** Runs the same job on the command line, from the start of the program to its end. */
function onCommandLine(folder) {
  const begun = Date.now();
  const copy = repeat(folder);
  const whole = (Date.now() - begun) / 1000;
  const times = { ...measured(reportOf(copy)), "the whole job, s": whole };
  rmSync(dirname(copy), { recursive: true });
  return times;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function speed() {
  const rounds = [];
  const drawings = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { folder, drawing, times } = await inWindow();
    drawings.push(drawing);
    rounds.push([times, onCommandLine(folder)]);
  }
  console.log("\n| what | desktop app | command line | ratio, median (min–max) |");
  console.log("|---|---|---|---|");
  for (const what of Object.keys(rounds[0][0])) {
    const [window, line] = [0, 1].map((side) => rounds.map((round) => round[side][what]));
    const ratios = window.map((value, round) => value / line[round]);
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    console.log(
      `| ${what} | ${median(window).toFixed(2)} | ${median(line).toFixed(2)} | ${median(ratios).toFixed(2)} (${spread}) |`,
    );
  }
  console.log(`\nThe web process took ${median(drawings).toFixed(2)} s of a core meanwhile.`);
}

await memory();
if (ROUNDS > 0) await speed();
