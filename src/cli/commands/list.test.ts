import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUE_KINDS, type CatalogueKind } from "../catalogue.ts";
import { catalogue } from "../catalogue-tables.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";
import { listing } from "./list.ts";

const MEMBERS: Readonly<Record<CatalogueKind, string>> = {
  recipes: "double-squeeze",
  compressors: "top-k",
  channels: "error-feedback",
  optimizers: "sgd",
  schedules: "cosine",
  averages: "polyak",
  aggregators: "mean",
  topologies: "ring",
  partitioners: "dirichlet",
  models: "mlp",
  data: "digits",
};

for (const kind of CATALOGUE_KINDS) {
  test(`${kind}: ${MEMBERS[kind]} is among them, and each says what it is, in as many columns as there are`, async () => {
    const entries = await catalogue(kind);
    assert.ok(entries.some(({ name }) => name === MEMBERS[kind]));
    assert.equal(new Set(entries.map(({ name }) => name)).size, entries.length);
    for (const { name, summary } of entries) assert.ok(name !== "" && summary !== "");
    for (const width of [60, 80, 120])
      for (const line of listing(entries, width)) assert.ok([...line].length <= width, line);
  });
}

test("list prints names on the left and facts on the right", () => {
  const entries = [
    {
      name: "sign",
      summary: "one bit an entry",
      paper: "arXiv:1901.09847",
      law: "contractive",
      options: ["scale=mean"],
    },
    { name: "identity", summary: "plain f32", options: [] },
  ];
  assert.deepEqual(listing(entries, 40), [
    "sign      one bit an entry",
    "          (arXiv:1901.09847)",
    "          contractive",
    "          options: scale=mean",
    "identity  plain f32",
  ]);
});

test("topologies tell what they are for a number of peers, or why they are none", async () => {
  const figures = new Map((await catalogue("topologies", 12)).map(({ name, figures }) => [name, figures]));
  assert.equal(figures.get("ring"), "12 peers: degree 2, spectral gap 0.0893, 24 messages a round, 6 hops");
  assert.equal(figures.get("star"), "12 peers: degree 1 to 11, spectral gap 0.0833, 22 messages a round, 2 hops");
  assert.match(figures.get("random-out")!, /push-sum/);
  assert.match(figures.get("hypercube")!, /expected a power of two peers/);
  const world = new FakeWorld(pretend(), { catalogue });
  assert.equal(await runCommandLine(["list", "topologies", "--peers", "12"], world, "1.2.3"), EXIT.done);
  assert.match(world.out.text, /12 peers: degree 2, spectral gap 0.0893/);
});

test("--json prints the array, and a misspelt kind is met with the nearest one", async () => {
  const world = new FakeWorld(pretend(), { catalogue });
  assert.equal(await runCommandLine(["list", "recipes", "--json"], world, "1.2.3"), EXIT.done);
  assert.deepEqual(JSON.parse(world.out.text), await catalogue("recipes"));
  assert.equal(await runCommandLine(["list", "recipies"], world, "1.2.3"), EXIT.usage);
  assert.match(world.stderr.text, /Did you mean recipes\?/);
});
