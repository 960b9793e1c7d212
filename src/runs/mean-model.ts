/**
 * The mean of models that differ: what a decentralised run is judged by, and what it leaves behind.
 */
import { PeerLost } from "../base/errors.ts";

/** x̄ = (1/n) Σ x_i, summed in f64 in the order given; one model is its own mean. @param models at least one, of equal length */
export function meanOf(models: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(models[0]!.length);
  for (const model of models) for (let j = 0; j < sum.length; j++) sum[j]! += model[j]!;
  return Float32Array.from(sum, (total) => total / models.length);
}

/** Ξ = (1/n) Σ ‖x_i − x̄‖² in f64: how far peers are from agreeing. */
export function consensusDistance(models: readonly Float32Array[], mean: Float32Array): number {
  let sum = 0;
  for (const model of models) for (let j = 0; j < mean.length; j++) sum += (model[j]! - mean[j]!) ** 2;
  return sum / models.length;
}

/** The models that peers show after a round, until the one who judges them takes them. */
export class ShownModels {
  /** How many must have shown theirs; undefined where members come and go. */
  readonly #members: number | undefined;
  readonly #rounds = new Map<number, Map<number, Float32Array>>();

  constructor(members: number | undefined) {
    this.#members = members;
  }

  show(round: number, id: number, model: Float32Array): void {
    const models = this.#rounds.get(round) ?? new Map<number, Float32Array>();
    this.#rounds.set(round, models.set(id, model));
  }

  /** In the order of ids. @throws {PeerLost} if some are missing, since whoever has ended without showing its model failed */
  take(round: number): readonly Float32Array[] {
    const models = this.#rounds.get(round) ?? new Map<number, Float32Array>();
    this.#rounds.delete(round);
    if (models.size === (this.#members ?? Math.max(1, models.size)))
      return [...models].sort(([a], [b]) => a - b).map(([, model]) => model);
    throw new PeerLost(`models of round ${round}`, {
      expected: `those of ${this.#members ?? "some"} peers`,
      got: models.size,
    });
  }
}
