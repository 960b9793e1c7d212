import { optimizerContract } from "./optimizer.contract.ts";
import { optimizers } from "./registry.ts";

for (const { examples } of optimizers.values()) {
  for (const spec of examples) optimizerContract(spec);
}
