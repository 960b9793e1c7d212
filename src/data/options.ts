/**
 * Options that several data sources share.
 */
import { ConfigError } from "../base/errors.ts";
import { parseNumber, type Spec } from "../base/spec.ts";

/** The path of `name:PATH`. @param usage how it is written, for errors such as `csv:FILE` */
export function pathOf(spec: Spec, usage: string): string {
  const [path] = spec.values;
  if (path === undefined) throw new ConfigError("--data", { expected: usage, got: spec.text });
  return path;
}

/** `test=`, the share of rows held out to test on; a fifth by default. */
export const testShareOf = (spec: Spec): number =>
  parseNumber(spec.options.get("test") ?? "0.2", "--data: test", { above: 0, below: 1 });
