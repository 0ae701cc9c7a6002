// Drives the desktop app by WebKitGTK's WebDriver on a virtual display.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TARGET = process.env.SPAT_TARGET ?? new URL("../../target", import.meta.url).pathname;
export const WINDOW = join(TARGET, "release", "spat-desktop");
export const SPAT = join(TARGET, "release", "spat");

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

/** Polls `ask` until it returns a truthy value, or fails after the timeout. */
export async function until(what, ask, timeout = 60_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await pause(100);
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** The process `parent` and its descendants. */
export function processTree(parent) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // The process has just ended.
    }
  }
  const found = [parent];
  for (const pid of found) {
    for (const [child, of] of parents) if (of === pid) found.push(child);
  }
  return found;
}

/** A process's proportional set size in megabytes. */
export const proportionalMemory = (pid) =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]) / 1024;

/** The same by mapping, the largest first. */
export function mappings(pid) {
  const sizes = new Map();
  let name;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const head = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head) name = head[1].split("/").at(-1) || "memory of its own";
    const size = /^Pss:\s+(\d+)/.exec(line);
    if (size) sizes.set(name, (sizes.get(name) ?? 0) + Number(size[1]) / 1024);
  }
  return [...sizes].sort(([, a], [, b]) => b - a);
}

/** CPU time of a process in seconds. */
export function processorTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // On Linux a tick is always a hundredth of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The web process of the program `parent`. */
export const webProcess = (parent) => processTree(parent).find((pid) => nameOf(pid).startsWith("WebKitWebPro"));

export const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

/** Starts a virtual display; returns it and the options that run a program there with its own home. */
async function screen(home) {
  const stdio = process.env.SPAT_TALK ? "inherit" : "ignore";
  // The server writes its display number to file descriptor 3.
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1440x1000x24", "-nolisten", "tcp"], {
    stdio: ["ignore", stdio, stdio, "pipe"],
  });
  const [number] = await once(server.stdio[3], "data");
  const name = `:${String(number).trim()}`;
  const env = {
    ...process.env,
    DISPLAY: name,
    HOME: home,
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_CACHE_HOME: join(home, "cache"),
    SPAT_RUNS: join(home, "runs"),
  };
  return { server, name, options: { stdio, env } };
}

const temporaryHome = () => mkdtempSync(join(tmpdir(), "spat-desktop-"));

/** Runs the program without a driver; `look` gets its process. */
export async function runWithoutDriver(look) {
  const { server, options } = await screen(temporaryHome());
  const program = spawn(WINDOW, [], options);
  try {
    await look(program);
  } finally {
    program.kill("SIGKILL");
    server.kill();
  }
}

/** The desktop app with its own home, controlled by the driver. */
export class Desktop {
  static async open({ home = temporaryHome(), args = [] } = {}) {
    const desktop = new Desktop();
    const { server, name, options } = await screen(home);
    desktop.screen = server;
    desktop.screenName = name;
    desktop.runs = join(home, "runs");
    const port = await freePort();
    desktop.address = `http://127.0.0.1:${port}`;
    desktop.driver = spawn("WebKitWebDriver", [`--port=${port}`], {
      ...options,
      env: { ...options.env, TAURI_WEBVIEW_AUTOMATION: "true" },
    });
    await until("the driver", () => fetch(`${desktop.address}/status`).then((r) => r.ok, () => false), 30_000);
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary: WINDOW, args } } };
    const { sessionId } = await desktop.call("POST", "/session", { capabilities });
    desktop.session = sessionId;
    // A script that runs while the app is loading stays in the empty document before it.
    await pause(1500);
    await until("the page", () => desktop.run(() => !document.getElementById("first-paint") && location.protocol === "tauri:"));
    return desktop;
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.address}${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }

  /** Runs a function in the app. */
  run(work, ...args) {
    const script = `return (${work}).apply(null, arguments)`;
    return this.call("POST", `/session/${this.session}/execute/sync`, { script, args });
  }

  /** Runs a function in the app that calls its argument when it is done. */
  async runUntilDone(work, timeout = 300_000) {
    await this.call("POST", `/session/${this.session}/timeouts`, { script: timeout });
    return this.call("POST", `/session/${this.session}/execute/async`, {
      script: `(${work})(arguments[0])`,
      args: [],
    });
  }

  text(name) {
    return this.run((name) => document.querySelector(`[data-testid="${name}"]`)?.textContent ?? null, name);
  }

  /** Clicks a button or an option once it is enabled. */
  async press(name, timeout) {
    const found = await until(
      `${name} to press`,
      () => this.run((name) => Boolean(document.querySelector(`[data-testid="${name}"]:enabled`)), name),
      timeout,
    );
    await this.run((name) => document.querySelector(`[data-testid="${name}"]`).click(), name);
    return found;
  }

  async fill(name, value) {
    await this.run(
      (name, value) => {
        const field = document.querySelector(`[data-testid="${name}"]`);
        field.value = value;
        for (const kind of ["input", "change", "blur"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
      },
      name,
      String(value),
    );
  }

  /** The process of the program. */
  process() {
    return processTree(this.driver.pid).find((pid) => nameOf(pid) === "spat-desktop");
  }

  async close() {
    await this.call("DELETE", `/session/${this.session}`).catch(() => {});
    for (const pid of processTree(this.driver.pid).reverse()) {
      try {
        process.kill(pid, "SIGTERM");
      } catch {
        // It has already ended.
      }
    }
    this.screen.kill();
  }
}
