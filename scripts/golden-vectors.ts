/**
 * The golden wire vectors of `docs/wire`:
 *
 *     node scripts/golden-vectors.ts [name ...]            says which would change
 *     node scripts/golden-vectors.ts --write [name ...]    writes them
 *
 * A vector that changes is a wire that changed: peers of different versions no longer understand each other.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lookUp } from "../src/base/spec.ts";
import { goldenFiles, toJson } from "../test/wire/golden-files.ts";

const root = join(import.meta.dirname, "..");
const { values, positionals } = parseArgs({ options: { write: { type: "boolean" } }, allowPositionals: true });

for (const name of positionals.length > 0 ? positionals : goldenFiles.keys()) {
  const text = toJson(lookUp(goldenFiles, name, "name", "golden vectors")());
  const path = join(root, `docs/wire/${name}.json`);
  const same = existsSync(path) && toJson(JSON.parse(readFileSync(path, "utf8"))) === text;
  console.log(`${name}: ${same ? "unchanged" : values.write === true ? "written" : "changed; --write would write it"}`);
  if (values.write !== true || same) continue;
  writeFileSync(path, text);
  execFileSync(process.execPath, [join(root, "node_modules/@biomejs/biome/bin/biome"), "format", "--write", path]);
}
