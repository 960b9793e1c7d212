/**
 * A trained model as an ONNX file that other programs run: one input, the rows, and one output, their scores.
 */
import { ModelError } from "../base/errors.ts";
import { tensorOf } from "../base/layout.ts";
import type { Dataset } from "../ports/dataset.ts";
import { dataShapeOf } from "./define.ts";
import { openEngine } from "./engines/open.ts";
import { extrasOf, traced } from "./jax.ts";
import { lower } from "./lowering/lower.ts";
import type { Objective } from "./objective.ts";
import { encodeModel } from "./onnx/encode.ts";
import type { Graph } from "./onnx/graph.ts";
import { filled, forAnyRows, pruned, renamed } from "./onnx/inference.ts";
import { objectiveFrom } from "./open.ts";
import { momentsAt } from "./rows.ts";
import { StepCache } from "./step-cache.ts";

export interface ExportedModel {
  readonly bytes: Uint8Array;
  /** That the file takes at once; null is any number. */
  readonly rows: number | null;
  /** Of the input `inputs`, without the rows. */
  readonly inputShape: readonly number[];
}

/** Two numbers of rows that no layer has by chance. */
const SOME_ROWS = [19, 23] as const;
/** A message of Protocol Buffers is shorter than 2 GiB. */
const MAX_ENTRIES = 500_000_000;

/**
 * The input is `inputs`, f32 [rows, ...inputShape] as the data sets of Thinwire have them; the output is `scores`, f32
 * [rows, classes] or [rows]. Parameters keep their names. Batch norm gets its moments from `reference`.
 * @param rows that the file takes at once; by default any number, or 1 where the model's operators fix it
 * @throws {ModelError} for a model without scores, or one that is too long for the format; {LoweringError}
 */
export async function exportModel(
  spec: string,
  params: Float32Array,
  reference: Dataset,
  rows?: number,
): Promise<ExportedModel> {
  const data = dataShapeOf(reference);
  const objective = await objectiveFrom(spec, data);
  if (!objective.hasScores) {
    throw new ModelError(`model ${objective.name}`, {
      expected: "scores to export, from a predict",
      got: "only a loss",
    });
  }
  if (params.length > MAX_ENTRIES) {
    throw new ModelError(`model ${objective.name}`, {
      expected: `at most ${MAX_ENTRIES} parameters in one ONNX file`,
      got: params.length,
      hint: "Take model.safetensors from the checkpoint.",
    });
  }
  const moments = await momentsOf(objective, params, reference);
  const open = rows === undefined ? await anyRows(objective) : undefined;
  const fixed = rows ?? 1;
  const graph = open ?? (await scoring(objective, fixed));
  const values = new Map(objective.layout.tensors.map((slot) => [slot.name, tensorOf(params, slot)]));
  for (const [i, entries] of moments.entries()) values.set(momentName(i), entries);
  return {
    bytes: encodeModel(filled(graph, values)),
    rows: open === undefined ? fixed : null,
    inputShape: data.inputShape,
  };
}

async function anyRows(objective: Objective): Promise<Graph | undefined> {
  const [one, other] = [await scoring(objective, SOME_ROWS[0]), await scoring(objective, SOME_ROWS[1])];
  return forAnyRows(one, other, "rows");
}

const SCORES = "scores";
const momentName = (i: number): string => `${i % 2 === 0 ? "mean" : "variance"}.${i >> 1}`;

/** The graph of the scores; parameters and moments are inputs by their names. */
async function scoring(objective: Objective, rows: number): Promise<Graph> {
  const extras = await extrasOf(objective, "evaluation", rows);
  const program = await traced(objective, "evaluation", rows, extras);
  const parameters = objective.layout.tensors.map(({ name }) => name);
  const taken = parameters.find((name) => TAKEN.includes(name));
  if (taken !== undefined) {
    throw new ModelError(`model ${objective.name}`, {
      expected: `no parameter called ${TAKEN.join(", ")}`,
      got: taken,
    });
  }
  const inputs = [...parameters, "inputs", "targets", ...extras.map((_, i) => momentName(i))];
  // The builder's own names must not be those of parameters: only with a prefix are they sure not to be.
  const graph = lower(program, inputs.map(prefixed), ["loss", SCORES].map(prefixed));
  return renamed(pruned(graph, [prefixed(SCORES)]), (name) =>
    name.startsWith(PREFIX) ? name.slice(PREFIX.length) : `value:${name}`,
  );
}

/** Names of what is not a parameter. */
const TAKEN = ["inputs", "targets", "loss", SCORES];
const PREFIX = "of:";
const prefixed = (name: string): string => PREFIX + name;

async function momentsOf(
  objective: Objective,
  params: Float32Array,
  reference: Dataset,
): Promise<readonly Float32Array[]> {
  const asked = await extrasOf(objective, "evaluation", 1);
  if (asked.length === 0) return [];
  const engine = await openEngine("auto", () => {});
  const steps = new StepCache((rows) => engine.momentsStep(objective, rows));
  try {
    return await momentsAt(params, objective, reference, steps);
  } finally {
    await steps.close();
  }
}
