/**
 * The stages that every optimizer has before its own step, in this order:
 *
 *     refuse a gradient that is not finite;   clip:  g ← s g;   coupled decay:  g ← g + λ x;
 *     decoupled decay:  x ← (1 − η λ) x;      then the optimizer's step x ← x − η u.
 *
 * Both of the last use the x of before the step: no optimizer's u depends on x but through g, except where its own
 * definition decays.
 *
 *     clip-by=global       s = min(1, c/‖g‖) over all tensors; `global-eps` has ‖g‖ + 10⁻⁶, as common libraries do
 *     clip-by=layer        the same for each tensor on its own
 *     clip-by=value        each entry to [−c, c]
 *     clip-by=relative     s = min(1, √(2cλ/η)·‖x‖/‖g‖): for scale-invariant losses, with λ the decoupled decay
 *
 * A gradient that needs no clipping keeps its bits.
 * @see Loshchilov & Hutter 2017, "Decoupled Weight Decay Regularization", arXiv:1711.05101 (coupled and decoupled decay)
 * @see Li, Bhojanapalli, Zaheer, Reddi & Kumar 2022, arXiv:2202.00980 (relative global clipping)
 */
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import type { Layout, TensorSlot } from "../base/layout.ts";
import { addScaled, allFinite, norm, ratio, scale } from "./elementwise.ts";
import type { OptimizerUse, Real, Stepper } from "./optimizer.ts";
import { choice, flag, number, type Options, optionalNumber } from "./options.ts";

export interface PipelineOptions {
  /** c > 0; undefined leaves gradients as they are. */
  readonly clip: number | undefined;
  readonly clipBy: "global" | "layer" | "value" | "global-eps" | "relative";
  /** Clip g + λx instead of g. */
  readonly clipAfterDecay: boolean;
  /** λ ≥ 0. */
  readonly decay: number;
  /** rate: x ← (1 − η_t λ) x; independent: x ← (1 − λ η_t/η_base) x; coupled: g ← g + λ x. */
  readonly decayBy: "rate" | "independent" | "coupled";
  /** η_base. */
  readonly decayBase: number;
  /** Tensors without decay; vectors are biases and the scales and shifts of norms. */
  readonly exclude: "none" | "vectors";
  readonly nonFinite: "throw" | "skip";
}

const defaults: Options<PipelineOptions> = {
  clip: optionalNumber("c, what gradients are clipped to; without it they are not", { above: 0 }),
  clipBy: choice("what c bounds", ["global", "layer", "value", "global-eps", "relative"]),
  clipAfterDecay: flag("clip the gradient with its coupled decay", false),
  decay: number("λ, weight decay", 0, { min: 0 }),
  decayBy: choice("x ← (1 − ηλ)x, x ← (1 − λη/η_base)x, or g ← g + λx", ["rate", "independent", "coupled"]),
  decayBase: number("η_base of decay-by=independent", 1, { above: 0 }),
  exclude: choice("tensors that do not decay; vectors have one dimension", ["none", "vectors"]),
  nonFinite: choice("what becomes of a gradient with NaN or infinity", ["throw", "skip"]),
};

/** The options, with a method's own defaults. */
export const pipelineOptions = (own: Partial<PipelineOptions> = {}): Options<PipelineOptions> => ({
  ...defaults,
  ...Object.fromEntries(
    Object.entries(own).map(([key, value]) => [key, { ...defaults[key as keyof PipelineOptions], default: value }]),
  ),
});

/** The tensors that decay, or whose step a method scales. */
export const included = (layout: Layout, { exclude }: PipelineOptions): readonly TensorSlot[] =>
  exclude === "none" ? layout.tensors : layout.tensors.filter(({ shape }) => shape.length > 1);

/** @throws {ConfigError} if the options do not go together */
export function checkPipeline({ clip, clipBy, decay, decayBy }: PipelineOptions, where: string): void {
  if (clip !== undefined && clipBy === "relative" && !(decay > 0 && decayBy === "rate" && clip >= 1)) {
    throw new ConfigError(`${where}: clip-by`, {
      expected: "clip-by=relative with clip at least 1, decay above 0 and decay-by=rate",
      got: `clip=${clip},decay=${decay},decay-by=${decayBy}`,
    });
  }
}

/** λ of a step with rate η: what is taken off x, as a share of it. */
const shrinkage = ({ decay, decayBy, decayBase }: PipelineOptions, learningRate: number): number =>
  (learningRate * decay) / (decayBy === "independent" ? decayBase : 1);

export function pipelineWarnings(options: PipelineOptions, { learningRate }: OptimizerUse): readonly string[] {
  const share = shrinkage(options, learningRate);
  return share >= 0.1
    ? [`decay: ηλ = ${share.toPrecision(3)} of the parameters a step is much; 1 would erase them`]
    : [];
}

/** @param decays false where the method decays within its own step */
export function pipeline(core: Stepper, options: PipelineOptions, layout: Layout, decays: boolean): Stepper {
  const { clip, clipBy, decay, decayBy, clipAfterDecay, nonFinite } = options;
  const relative = clip !== undefined && clipBy === "relative";
  const decaying = decays && decay > 0 ? included(layout, options) : [];
  const addDecay = (params: Real, gradient: Real): void => {
    if (decayBy !== "coupled") return;
    for (const { offset, length } of decaying) addScaled(decay, params, gradient, offset, offset + length);
  };
  const shrink = (params: Real, learningRate: number): void => {
    if (decaying.length === 0 || decayBy === "coupled") return;
    const share = shrinkage(options, learningRate);
    if (!(share < 1)) throw new ConfigError("decay", { expected: "ηλ below 1", got: share });
    for (const { offset, length } of decaying) scale(1 - share, params, offset, offset + length);
  };
  return {
    step(params, gradient, learningRate, loss) {
      if (!allFinite(gradient)) {
        if (nonFinite === "skip") return { skipped: 1 };
        throw new NonFiniteError("optimizer", { expected: "a finite gradient", hint: "Lower the learning rate." });
      }
      if (clipAfterDecay) addDecay(params, gradient);
      const radial = relative ? { cosine: cosine(params, gradient) } : {};
      const clipScale = clip === undefined ? 1 : clipped(gradient, clip, options, layout, params, learningRate);
      if (!clipAfterDecay) addDecay(params, gradient);
      shrink(params, learningRate);
      const report = core.step(params, gradient, learningRate, loss);
      return clip === undefined ? report : { ...report, clipScale, ...radial };
    },
    ...(core.iterate === undefined ? {} : { iterate: (params) => core.iterate?.(params) ?? params }),
    save: () => core.save(),
    restore: (saved) => core.restore(saved),
  };
}

/** Clips in place. Returns the smallest factor that an entry met. */
function clipped(g: Real, c: number, options: PipelineOptions, layout: Layout, params: Real, rate: number): number {
  switch (options.clipBy) {
    case "global":
      return clipNorm(g, c, 0);
    case "global-eps":
      return clipNorm(g, c, 1e-6);
    case "relative":
      return clipNorm(g, Math.sqrt((2 * c * options.decay) / rate) * norm(params), 0);
    case "layer":
      return Math.min(...layout.tensors.map(({ offset, length }) => clipNorm(g, c, 0, offset, offset + length)));
    case "value":
      return clampEntries(g, c);
  }
}

/** g ← min(1, c/(‖g‖ + ε)) g. Returns the factor. */
function clipNorm(g: Real, c: number, eps: number, start = 0, end: number = g.length): number {
  const length = norm(g, start, end) + eps;
  if (length <= c) return 1;
  scale(c / length, g, start, end);
  return c / length;
}

/** ⟨x, g⟩/(‖x‖‖g‖) */
function cosine(x: Real, g: Real): number {
  let dot = 0;
  for (let i = 0; i < x.length; i++) dot += x[i]! * g[i]!;
  return ratio(dot, norm(x) * norm(g));
}

function clampEntries(g: Real, c: number): number {
  let largest = c;
  for (let i = 0; i < g.length; i++) {
    const value = g[i]!;
    if (Math.abs(value) <= c) continue;
    largest = Math.max(largest, Math.abs(value));
    g[i] = value < 0 ? -c : c;
  }
  return c / largest;
}
