// The command line program, where a test compares the web app with it or starts its server.
import { accessSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PROGRAM = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "release", "spat");

/** Why tests with the program are skipped; `false` where it is built. */
export function programMissing() {
  try {
    accessSync(PROGRAM);
    return false;
  } catch {
    return `${PROGRAM} is not built`;
  }
}
