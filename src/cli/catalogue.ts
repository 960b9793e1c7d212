/**
 * Catalogue: the parts that options can name, as `list` shows them.
 */
export interface CatalogueEntry {
  /** As an option names it. */
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** What is guaranteed, in symbols. */
  readonly law?: string;
  /** What is so for a number of peers. */
  readonly figures?: string;
  /** How the name is followed by arguments, each with its meaning or default. */
  readonly options: readonly string[];
}

export const CATALOGUE_KINDS = [
  "recipes",
  "compressors",
  "channels",
  "optimizers",
  "schedules",
  "averages",
  "aggregators",
  "topologies",
  "partitioners",
  "models",
  "data",
] as const;

export type CatalogueKind = (typeof CATALOGUE_KINDS)[number];

/** The entries of a kind. @param peers for how many, where that tells more */
export type Catalogue = (kind: CatalogueKind, peers?: number) => Promise<readonly CatalogueEntry[]>;
