/**
 * The yardstick: PyTorch's DistributedDataParallel over Gloo, as its users would write it, with one of its hooks.
 */

export const HOOKS = ["none", "fp16", "powersgd"] as const;
export type Hook = (typeof HOOKS)[number];

export interface DdpTask {
  readonly hook: Hook;
  /** Folder of the data: train and test rows in f32 and i32, and which rows each rank has. */
  readonly folder: string;
  readonly inputs: number;
  readonly classes: number;
  readonly hidden: readonly number[];
  readonly batch: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly evalEvery: number;
  /** Test accuracy to stop at. */
  readonly target: number;
  readonly roundsMax: number;
  readonly secondsMax: number;
  readonly seed: number;
}

/**
 * Prints one JSON object at rank 0. Its seconds are those of training: evaluations, which other ranks wait for, are outside,
 * as they are in Thinwire.
 */
export const DDP_PROGRAM = `
import datetime, json, os, sys, time
import numpy as np
import torch
import torch.distributed as dist
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks, powerSGD_hook
from torch.nn.parallel import DistributedDataParallel

task = json.loads(sys.argv[1])
rank = int(os.environ["RANK"])
torch.set_num_threads(1)
torch.manual_seed(task["seed"])
dist.init_process_group("gloo", timeout=datetime.timedelta(minutes=30))

def rows(name):
    inputs = np.fromfile(f"{task['folder']}/{name}-inputs.f32", dtype=np.float32).reshape(-1, task["inputs"])
    targets = np.fromfile(f"{task['folder']}/{name}-targets.i32", dtype=np.int32).astype(np.int64)
    return torch.from_numpy(inputs), torch.from_numpy(targets)

own = torch.from_numpy(np.fromfile(f"{task['folder']}/part-{rank}.u32", dtype=np.uint32).astype(np.int64))
inputs, targets = (part[own] for part in rows("train"))
test_inputs, test_targets = rows("test") if rank == 0 else (None, None)

widths = [task["inputs"], *task["hidden"], task["classes"]]
layers = []
for i in range(len(widths) - 1):
    layers += [torch.nn.Linear(widths[i], widths[i + 1]), torch.nn.ReLU()]
model = DistributedDataParallel(torch.nn.Sequential(*layers[:-1]))
if task["hook"] == "fp16":
    model.register_comm_hook(None, default_hooks.fp16_compress_hook)
if task["hook"] == "powersgd":
    state = powerSGD_hook.PowerSGDState(None, matrix_approximation_rank=2, start_powerSGD_iter=2)
    model.register_comm_hook(state, powerSGD_hook.powerSGD_hook)
optimizer = torch.optim.SGD(model.parameters(), lr=task["learningRate"], momentum=task["momentum"])
loss_of = torch.nn.CrossEntropyLoss()

def batches():
    while True:
        order = torch.randperm(len(own))
        for start in range(0, len(own) - task["batch"] + 1, task["batch"]):
            yield order[start : start + task["batch"]]

def accuracy():
    with torch.no_grad():
        return (model.module(test_inputs).argmax(dim=1) == test_targets).float().mean().item()

torch.manual_seed(task["seed"] + 1 + rank)
batch = batches()
spent, rounds, reached, judged = 0.0, 0, None, 0.0
over = torch.zeros(1)
while over.item() == 0:
    dist.barrier()
    start = time.perf_counter()
    for _ in range(task["evalEvery"]):
        picked = next(batch)
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(inputs[picked]), targets[picked]).backward()
        optimizer.step()
    spent += time.perf_counter() - start
    rounds += task["evalEvery"]
    if rank == 0:
        judged = accuracy()
        reached = spent if judged >= task["target"] else None
        if reached is not None or rounds >= task["roundsMax"] or spent >= task["secondsMax"]:
            over.fill_(1)
    dist.broadcast(over, 0)
if rank == 0:
    print(json.dumps({"rounds": rounds, "seconds": spent, "reachedTargetAtSeconds": reached, "accuracy": judged}))
dist.destroy_process_group()
`;
