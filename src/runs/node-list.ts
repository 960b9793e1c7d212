/**
 * Slurm's lists of nodes: `node[01-03,7],login1` is node01, node02, node03, node7 and login1.
 *
 *     list  = item { "," item }
 *     item  = { text | "[" range { "," range } "]" }
 *     range = digits [ "-" digits ]        the first number's leading zeros are kept
 */
import { ConfigError } from "../base/errors.ts";

/** A longer list is no list of machines. */
const NODES_MAX = 65_536;
const TEXT_MAX = 1 << 16;

/** @param where names the variable in errors @throws {ConfigError} for anything but a list of 1 to 65,536 names */
export function expandNodeList(list: string, where: string): readonly string[] {
  const malformed = () => new ConfigError(where, { expected: "a node list such as node[01-03,7]", got: list });
  if (list.length > TEXT_MAX) throw malformed();
  const items = list.match(/(?:[^,[]|\[[^\]]*\])+/g) ?? [];
  if (items.length === 0 || items.join(",") !== list) throw malformed();
  const nodes: string[] = [];
  for (const item of items) {
    const parts = item.match(/[\w.-]+|\[[\d,-]+\]/g) ?? [];
    if (parts.join("") !== item) throw malformed();
    let names = [""];
    for (const part of parts) {
      const endings = part.startsWith("[") ? numbers(part.slice(1, -1), malformed) : [part];
      if (nodes.length + names.length * endings.length > NODES_MAX) throw malformed();
      names = names.flatMap((name) => endings.map((ending) => name + ending));
    }
    nodes.push(...names);
  }
  return nodes;
}

/** `01-03,7` */
function numbers(ranges: string, malformed: () => ConfigError): string[] {
  const all: string[] = [];
  for (const range of ranges.split(",")) {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range) ?? [];
    if (first === undefined || Number(last) < Number(first)) throw malformed();
    if (Number(last) - Number(first) >= NODES_MAX) throw malformed();
    for (let n = Number(first); n <= Number(last); n++) all.push(String(n).padStart(first.length, "0"));
  }
  return all;
}
