/**
 * What Node compiles is kept from one command to the next, which then starts in half the time.
 */
import { existsSync, mkdirSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/** Written by then, and not only at the end: a process that is killed leaves what it compiled, too. */
const WRITTEN_AFTER_MS = 5000;

/**
 * For this process, its workers and its children; in the folder that the user names by `NODE_COMPILE_CACHE`, else in one of
 * this user alone, since whoever can write there decides what runs. `NODE_DISABLE_COMPILE_CACHE=1` turns it off. Where
 * nothing can be written nothing is kept.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  if (env.NODE_COMPILE_CACHE !== undefined || env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  try {
    const folder = env.XDG_CACHE_HOME ? below(env.XDG_CACHE_HOME) : below(homedir(), ".cache");
    if (enableCompileCache(folder).directory === undefined) return;
    env.NODE_COMPILE_CACHE = folder;
    setTimeout(flushCompileCache, WRITTEN_AFTER_MS).unref();
  } catch {
    // a user without a home, or with one that is read only, keeps nothing
  }
}

/** One by one: told to make all at once, Node tries for ever where a folder that is there says it is not (/proc, automounts). */
function below(...folders: [string, ...string[]]): string {
  return [...folders, "thinwire", "compiled"].reduce((parent, name) => {
    const folder = join(parent, name);
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    return folder;
  });
}
