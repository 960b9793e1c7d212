import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber, type Spec } from "../../base/spec.ts";
import { defineModel, type ModelDefinition, type Pass, type Tensor, type Tensors } from "../define.ts";
import { gelu } from "../layers/activations.ts";
import { causalAttention } from "../layers/attention.ts";
import { dropout } from "../layers/dropout.ts";
import { embedding } from "../layers/embedding.ts";
import { linear } from "../layers/linear.ts";
import { layerNorm } from "../layers/normalisation.ts";
import { normal, normScale, normShift, type Parameter, zeros } from "../parameters.ts";
import type { ZooEntry } from "./entry.ts";
import { contextOf, lastScores, nextSymbolLoss } from "./sequences.ts";

const OPTIONS = ["layers", "heads", "width", "dropout"] as const;

/** A row has as many activations as a batch of images. */
const ROWS_AT_ONCE = 32;

/**
 * A decoder-only transformer: layer norm before attention and before a gelu layer four times as wide, residual around
 * both, learned positions. Weights start from normal values of deviation 0.02, those that end a residual from 0.02/√(2L).
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"
 */
export const gpt: ZooEntry = {
  name: "gpt",
  summary: "decoder-only transformer that predicts the next symbol",
  options: [
    "layers=4",
    "heads=4",
    "width=128, a multiple of the heads",
    "dropout=p on embeddings and residuals (default 0)",
  ],
  typical: { inputShape: [64], classes: 65 },
  define(spec, data) {
    checkArguments(spec, "model", 0, OPTIONS);
    return transformer(spec, contextOf(data, "model gpt"), data.classes, settingsOf(spec));
  },
};

interface Settings {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly rate: number;
}

function settingsOf(spec: Spec): Settings {
  const whole = (key: string, otherwise: string, max: number): number =>
    parseNumber(spec.options.get(key) ?? otherwise, `model gpt: ${key}`, { min: 1, max, integer: true });
  const [layers, heads, width] = [whole("layers", "4", 48), whole("heads", "4", 64), whole("width", "128", 4096)];
  if (width % heads !== 0) {
    throw new ConfigError("model gpt: width", { expected: `a multiple of ${heads} heads`, got: width });
  }
  const rate = parseNumber(spec.options.get("dropout") ?? "0", "model gpt: dropout", { min: 0, below: 1 });
  return { layers, heads, width, rate };
}

function transformer(spec: Spec, context: number, symbols: number, settings: Settings): ModelDefinition {
  const { layers, heads, width, rate } = settings;
  const blocks = Array.from({ length: layers }, (_, i) => `block${i + 1}`);
  const scoresOf = (params: Tensors, x: Tensor, pass: Pass): Tensor => {
    const of = (name: string): Tensor => params[name] as Tensor; // defined below
    const layer = (name: string, h: Tensor) => linear(h, of(`${name}.weight`), of(`${name}.bias`));
    const norm = (name: string, h: Tensor) => layerNorm(h, of(`${name}.scale`), of(`${name}.shift`));
    let h = dropout(embedding(of("symbols"), x).add(of("positions")), rate, pass);
    for (const block of blocks) {
      const seen = causalAttention(layer(`${block}.qkv`, norm(`${block}.norm1`, h.ref)), heads);
      h = h.add(dropout(layer(`${block}.attended`, seen), rate, pass));
      const wide = gelu(layer(`${block}.wide`, norm(`${block}.norm2`, h.ref)));
      h = h.add(dropout(layer(`${block}.narrow`, wide), rate, pass));
    }
    return linear(norm("norm", h), of("output.weight"));
  };
  return defineModel({
    name: spec.text,
    parameters: Object.fromEntries([
      ["symbols", normal([symbols, width], 0.02)],
      ["positions", normal([context, width], 0.02)],
      ...blocks.flatMap((block) => blockParameters(block, width, 0.02 / Math.sqrt(2 * layers))),
      ...normParameters("norm", width),
      ["output.weight", normal([width, symbols], 0.02)],
    ]),
    rowsAtOnce: ROWS_AT_ONCE,
    predict: (params: Tensors, x, pass) => lastScores(scoresOf(params, x, pass)),
    loss: (params: Tensors, x, y, pass) => nextSymbolLoss(scoresOf(params, x.ref, pass), x, y),
  });
}

const normParameters = (name: string, width: number): [string, Parameter][] => [
  [`${name}.scale`, normScale(width)],
  [`${name}.shift`, normShift(width)],
];

/** @param last deviation of the weights that end a residual */
function blockParameters(block: string, width: number, last: number): [string, Parameter][] {
  const layer = (name: string, from: number, to: number, deviation: number): [string, Parameter][] => [
    [`${block}.${name}.weight`, normal([from, to], deviation)],
    [`${block}.${name}.bias`, zeros([to])],
  ];
  return [
    ...normParameters(`${block}.norm1`, width),
    ...layer("qkv", width, 3 * width, 0.02),
    ...layer("attended", width, width, last),
    ...normParameters(`${block}.norm2`, width),
    ...layer("wide", width, 4 * width, 0.02),
    ...layer("narrow", 4 * width, width, last),
  ];
}
