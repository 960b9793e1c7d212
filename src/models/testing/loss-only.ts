/** A model that gives a loss and no scores. */
import { type ModelDefinition, np, zeros } from "../index.ts";

export const model: ModelDefinition = {
  name: "loss-only",
  parameters: { w: zeros([4]) },
  loss: ({ w }, x, y) => np.square(w!).sum().add(x.sum().mul(0)).add(y.sum().mul(0)),
};
