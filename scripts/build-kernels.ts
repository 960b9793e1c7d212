/**
 * Compiles `src/kernels/assembly` into `src/kernels/generated/wasm.ts`, a module that holds the WebAssembly as base64: so
 * one loader serves Node, workers and browsers, and reads no file. Run by `npm ci`.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import asc from "assemblyscript/asc";

const root = join(import.meta.dirname, "..");
const target = join(root, "src/kernels/generated/wasm.ts");

const { bytes, complaint } = await compile();
if (bytes === undefined) {
  console.error(`build-kernels: the kernels did not compile.\n${complaint}`);
  process.exit(1);
}
mkdirSync(dirname(target), { recursive: true });
// Renamed into place, so that a program that starts meanwhile never reads half a module.
const draft = `${target}.${process.pid}`;
writeFileSync(draft, moduleOf(bytes));
renameSync(draft, target);

async function compile(): Promise<{ bytes: Uint8Array | undefined; complaint: string }> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      "src/kernels/assembly/index.ts",
      ...["--baseDir", root, "--outFile", "kernels.wasm"],
      ...["--runtime", "stub", "--importMemory", "--noExportMemory", "--noAssert"],
      ...["-O3", "--enable", "simd", "--disable", "relaxed-simd"],
    ],
    {
      // The compiler's only output is kept here and not on disk.
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") bytes = contents;
      },
    },
  );
  return { bytes: error === null ? bytes : undefined, complaint: `${stderr}${error?.message ?? ""}` };
}

function moduleOf(bytes: Uint8Array): string {
  return [
    "// Written by scripts/build-kernels.ts from src/kernels/assembly; do not edit.",
    `export const wasm: string = "${Buffer.from(bytes).toString("base64")}";`,
    "",
  ].join("\n");
}
