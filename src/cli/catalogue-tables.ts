/**
 * The tables of parts, loaded one kind at a time: the models bring their compiler with them.
 */
import type { Catalogue, CatalogueEntry, CatalogueKind } from "./catalogue.ts";

const tables: Readonly<Record<CatalogueKind, () => Promise<readonly CatalogueEntry[]>>> = {
  recipes: async () => {
    const { recipes } = await import("../recipes/registry.ts");
    return listed(recipes, ({ assumes, compresses, defaults: { up, down, momentum } }) => ({
      law: `assumes ${assumes}`,
      options: [...(compresses ? [`--compressor ${up}`, `--down ${down}`] : []), `--momentum 0.9@${momentum}`],
    }));
  },
  compressors: async () => {
    const { compressors } = await import("../compressors/registry.ts");
    return listed(compressors, ({ law, bits, options }) => ({
      law: `${law}; ${bits}`,
      options: options.map(({ name, meaning }) => `${name}: ${meaning}`),
    }));
  },
  channels: async () => {
    const { channels } = await import("../channels/registry.ts");
    return listed(channels, ({ law }) => ({ law, options: [] }));
  },
  optimizers: async () => {
    const { optimizers } = await import("../optimizers/registry.ts");
    return listed(optimizers, ({ law, options }) => ({ law, options }));
  },
  aggregators: async () => {
    const { aggregators } = await import("../aggregators/registry.ts");
    return listed(aggregators, ({ law }) => ({ law, options: [] }));
  },
  partitioners: async () => {
    const { partitioners } = await import("../data/partition.ts");
    return listed(partitioners, ({ options }) => ({ options }));
  },
  models: async () => {
    const { models } = await import("../models/registry.ts");
    return listed(models, ({ options }) => ({ options }));
  },
  data: async () => {
    const { dataSources } = await import("../data/open.ts");
    return listed(dataSources, ({ options }) => ({ options }));
  },
};

export const catalogue: Catalogue = (kind) => tables[kind]();

function listed<T extends { readonly name: string; readonly summary: string; readonly paper?: string }>(
  table: ReadonlyMap<string, T>,
  rest: (entry: T) => Pick<CatalogueEntry, "law" | "options">,
): CatalogueEntry[] {
  return [...table.values()].map((entry) => ({
    name: entry.name,
    summary: entry.summary,
    ...(entry.paper === undefined ? {} : { paper: entry.paper }),
    ...rest(entry),
  }));
}
