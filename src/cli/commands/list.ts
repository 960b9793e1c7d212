/**
 * `thinwire list`: the parts that options can name.
 */
import { Command } from "commander";
import { lookUp, parseNumber } from "../../base/spec.ts";
import { CATALOGUE_KINDS, type CatalogueEntry } from "../catalogue.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { wrap } from "../format.ts";
import type { World } from "../world.ts";

export function listCommand(world: World, end: (code: ExitCode) => void): Command {
  return new Command("list")
    .summary("the parts that options can name")
    .description("Lists the parts that options can name, each with its law, its paper and its own options.")
    .argument("<kind>", CATALOGUE_KINDS.join(", "))
    .option(
      "--peers <n>",
      "topologies: degree, spectral gap and messages a round of so many peers (default: not shown)",
    )
    .option("--json", "print one JSON array instead (default: off)")
    .addHelpText(
      "after",
      "\nExamples:\n  thinwire list compressors\n  thinwire list topologies --peers 64\n  thinwire list models --json",
    )
    .action(async (name: string, options: { json?: boolean; peers?: string }) => {
      const kinds = new Map(CATALOGUE_KINDS.map((kind) => [kind as string, kind]));
      const peers = options.peers && parseNumber(options.peers, "--peers", { integer: true, min: 1, max: 1024 });
      const entries = await world.engines.catalogue(lookUp(kinds, name, "list", "one of"), peers || undefined);
      const width = Math.max(40, world.stdout.columns ?? 80);
      world.stdout.write(
        options.json === true ? `${JSON.stringify(entries)}\n` : `${listing(entries, width).join("\n")}\n`,
      );
      end(EXIT.done);
    });
}

const NAME_WIDTH_MAX = 20;

/** Names in one column, what is known of each in another. */
export function listing(entries: readonly CatalogueEntry[], width: number): string[] {
  const left = Math.min(NAME_WIDTH_MAX, Math.max(...entries.map(({ name }) => name.length))) + 2;
  return entries.flatMap(({ name, summary, law, figures, paper, options }) => {
    const facts = [
      `${summary}${paper === undefined ? "" : ` (${paper})`}`,
      ...(law === undefined ? [] : [law]),
      ...(figures === undefined ? [] : [figures]),
      ...(options.length === 0 ? [] : [`options: ${options.join(", ")}`]),
    ].flatMap((fact) => wrap(fact, width - left));
    const ownLine = name.length + 2 > left; // a long name stands above its facts
    const rows = facts.map((fact, i) => `${(i === 0 && !ownLine ? name : "").padEnd(left)}${fact}`);
    return ownLine ? [name, ...rows] : rows;
  });
}
