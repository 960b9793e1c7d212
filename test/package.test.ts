/**
 * The published package: packed, unpacked under node_modules, and its command run there. Node strips no types under
 * node_modules, so this is the compiled code, worker entries included.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const DEPENDENCIES = ["@jax-js", "commander", "onnxruntime-node", "onnxruntime-common"];

test("the packed package runs its command, on worker threads too, and gives the bits of the sources", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-package-"));
  try {
    await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
    const modules = join(folder, "node_modules");
    await mkdir(modules);
    await run("sh", ["-c", "tar -xzf thinwire-*.tgz"], { cwd: folder });
    await rename(join(folder, "package"), join(modules, "thinwire"));
    for (const name of DEPENDENCIES) await symlink(join(root, "node_modules", name), join(modules, name));

    const installed = join(modules, "thinwire", "dist", "cli", "main.js");
    const sources = join(root, "src", "cli", "main.ts");
    const job = ["--model", "softmax", "--rounds", "4", "--link", "none", "--json", "--quiet"];
    const hashOf = async (entry: string, command: string) => {
      const { stdout } = await run(process.execPath, [entry, command, ...job], { cwd: folder });
      return JSON.parse(stdout.trim().split("\n").at(-1)!).paramsHash as string;
    };
    const expected = await hashOf(sources, "simulate");
    assert.match(expected, /^[0-9a-f]{64}$/);
    assert.equal(await hashOf(installed, "simulate"), expected);
    assert.equal(await hashOf(installed, "train"), expected);

    const library = `import { checkJob, recipes } from "thinwire"; import { models } from "thinwire/models";
      console.log(checkJob({}).recipe, recipes.has("sgd"), models.has("mlp"));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", library], { cwd: folder });
    assert.equal(stdout.trim(), "double-squeeze true true");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
