/**
 * `--config FILE`: options from a job file, over which those of the command line win.
 */
import { ConfigError } from "../../base/errors.ts";
import { type ConfigOptions, parseConfig } from "../../runs/config.ts";
import type { World } from "../world.ts";

export interface ConfigFile {
  readonly path: string;
  readonly options: ConfigOptions;
}

/** @throws {ConfigError} if it cannot be read or says what it may not */
export async function readConfig(
  world: Pick<World, "readFile">,
  path: string | undefined,
): Promise<ConfigFile | undefined> {
  if (path === undefined) return undefined;
  const text = await world.readFile(path);
  if (text === undefined) throw new ConfigError("--config", { expected: "a file that can be read", got: path });
  return { path, options: parseConfig(text, path) };
}

/** Reads options, some of which a job file has said: a complaint about one of those names the file and its field. */
export async function namingFields<T>(
  config: ConfigFile | undefined,
  typed: object,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw (config && inFile(error, config, typed)) ?? error;
  }
}

function inFile(error: unknown, { path, options }: ConfigFile, typed: object): ConfigError | undefined {
  if (!(error instanceof ConfigError)) return undefined;
  const [, flag = "", rest = ""] = /^--([a-z-]+)(.*)$/s.exec(error.where) ?? [];
  const field = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (!Object.hasOwn(options, field) || Object.hasOwn(typed, field)) return undefined;
  const { expected, got, hint, cause } = error;
  return new ConfigError(`${path}: ${field}${rest}`, {
    expected,
    ...(got === undefined ? {} : { got }),
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}
