import { kernelsContract } from "./kernels.contract.ts";
import { twin } from "./twin.ts";

kernelsContract(twin);
