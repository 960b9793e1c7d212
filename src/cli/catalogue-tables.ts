/**
 * The tables of parts, loaded one kind at a time: the models bring their compiler with them.
 */
import type { Catalogue, CatalogueEntry, CatalogueKind } from "./catalogue.ts";

const tables: Readonly<Record<CatalogueKind, (peers?: number) => Promise<readonly CatalogueEntry[]>>> = {
  recipes: async () => {
    const { recipes } = await import("../recipes/registry.ts");
    return listed(recipes, ({ assumes, compresses, decentralised, options, defaults }) => ({
      law: `assumes ${assumes}`,
      options: [
        ...Object.entries(options).map(([name, { meaning }]) => `${name}: ${meaning}`),
        ...(compresses === "none" ? [] : [`--compressor ${defaults.up}`]),
        ...(compresses === "none" || decentralised === true ? [] : [`--down ${defaults.down}`]),
        `--momentum ${defaults.factor ?? 0.9}@${defaults.momentum}`,
        ...(defaults.optimizer === undefined ? [] : [`--optimizer ${defaults.optimizer}`]),
      ],
    }));
  },
  compressors: async () => {
    const { compressors } = await import("../compressors/registry.ts");
    return listed(compressors, ({ law, bits, options }) => ({
      law: `${law}; ${bits}`,
      options: explained(options),
    }));
  },
  channels: async () => {
    const { channels } = await import("../channels/registry.ts");
    return listed(channels, ({ law, memory: { sender, receiver }, options }) => ({
      law: `${law}; keeps ${sender} d at the sender, ${receiver} d at the receiver`,
      options: explained(options),
    }));
  },
  optimizers: async () => {
    const { optimizers } = await import("../optimizers/registry.ts");
    const told = new Set<string>(); // most options are common to many: explained where they come first
    return listed(optimizers, ({ law, memory, options }) => ({
      law: `${law}; keeps ${memory} d`,
      options: options.map(({ name, meaning }) => {
        const option = `${name}: ${meaning}`;
        if (told.has(option)) return name;
        told.add(option);
        return option;
      }),
    }));
  },
  schedules: async () => {
    const { schedules } = await import("../optimizers/schedules/registry.ts");
    return listed(schedules, ({ law, options }) => ({ law, options: explained(options) }));
  },
  averages: async () => {
    const { averagings } = await import("../optimizers/averaging/registry.ts");
    return listed(averagings, ({ law, options }) => ({ law, options: explained(options) }));
  },
  aggregators: async () => {
    const { aggregators } = await import("../aggregators/registry.ts");
    return listed(aggregators, ({ law, options }) => ({ law, options: explained(options) }));
  },
  topologies: async (peers) => {
    const { topologies } = await import("../topologies/registry.ts");
    const { figuresOf } = await import("./topology-figures.ts");
    return listed(topologies, (entry) => ({
      law: entry.law,
      ...(peers === undefined ? {} : { figures: figuresOf(entry, peers) }),
      options: explained(entry.options),
    }));
  },
  partitioners: async () => {
    const { partitioners } = await import("../data/partition.ts");
    return listed(partitioners, ({ options }) => ({ options }));
  },
  models: async () => {
    const { models, sizeOf } = await import("../models/registry.ts");
    return listed(models, (entry) => {
      const figures = sizeOf(entry);
      return { options: entry.options, ...(figures === undefined ? {} : { figures }) };
    });
  },
  data: async () => {
    const { dataSources } = await import("../data/open.ts");
    return listed(dataSources, ({ options }) => ({ options }));
  },
};

export const catalogue: Catalogue = (kind, peers) => tables[kind](peers);

const explained = (options: readonly { readonly name: string; readonly meaning: string }[]): string[] =>
  options.map(({ name, meaning }) => `${name}: ${meaning}`);

function listed<T extends { readonly name: string; readonly summary: string; readonly paper?: string }>(
  table: ReadonlyMap<string, T>,
  rest: (entry: T) => Pick<CatalogueEntry, "law" | "figures" | "options">,
): CatalogueEntry[] {
  return [...table.values()].map((entry) => ({
    name: entry.name,
    summary: entry.summary,
    ...(entry.paper === undefined ? {} : { paper: entry.paper }),
    ...rest(entry),
  }));
}
