#!/usr/bin/env node
/**
 * The `thinwire` command in a real terminal.
 */
import { readFileSync } from "node:fs";
import { keepCompiledCode } from "./compile-cache.ts";

keepCompiledCode(process.env);
const { runCommandLine } = await import("./command-line.ts"); // what is kept must be known first
const { realWorld } = await import("./real-world.ts");

// Lies two folders up, seen from `src/cli` in a clone and from `dist/cli` in the package.
const about: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const version = typeof about === "object" && about !== null && "version" in about ? String(about.version) : "unknown";

const { world, leave } = realWorld();
leave(await runCommandLine(process.argv.slice(2), world, version));
