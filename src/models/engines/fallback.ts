/**
 * ONNX Runtime where it can run the model, else jax-js: the change is told once, in one line.
 */
import type { Engine } from "../engine.ts";
import { LoweringError } from "../lowering/error.ts";
import { messageOf } from "../objective.ts";

export type Warn = (line: string) => void;

/**
 * Asks `first`; once it cannot lower a model, `second` for everything that follows.
 * @param warn is called once, with the reason
 */
export function withFallback(first: Engine, second: () => Promise<Engine>, warn: Warn): Engine {
  let engine = first;
  const attempt = async <T>(ask: (engine: Engine) => Promise<T>): Promise<T> => {
    try {
      return await ask(engine);
    } catch (error) {
      if (!(error instanceof LoweringError)) throw error;
      const next = await second();
      if (engine === first) warn(`The model runs on ${next.name}, which is slower: ${messageOf(error)}`);
      engine = next;
      return ask(next);
    }
  };
  return {
    get name() {
      return engine.name;
    },
    gradientStep: (objective, rows) => attempt((asked) => asked.gradientStep(objective, rows)),
    evaluationStep: (objective, rows) => attempt((asked) => asked.evaluationStep(objective, rows)),
    momentsStep: (objective, rows) => attempt((asked) => asked.momentsStep(objective, rows)),
  };
}
