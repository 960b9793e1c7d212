import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { flatLayout } from "../base/layout.ts";
import { peerId } from "../ports/view.ts";
import { CheckpointWriter, readCheckpoint } from "./checkpoint.ts";
import { checkJob } from "./job.ts";
import { NOTHING } from "./ledger.ts";

test("a checkpoint holds every member once, though some hand in a round again in a smaller view", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-checkpoint-"));
  try {
    const job = checkJob({ peers: "4" });
    const trouble: string[] = [];
    const writer = new CheckpointWriter(folder, { job, dataChecksum: 0, layout: flatLayout(2) }, (line) =>
      trouble.push(line),
    );
    const handIn = (id: number, members: number) =>
      writer.add(
        {
          id: peerId(id),
          rank: id,
          members,
          round: 7,
          params: id === 0 ? Float32Array.of(1, 2) : null,
          learner: new Map([["error", Float32Array.of(id)]]),
        },
        () => ({ totals: NOTHING, seconds: 1 }),
      );
    for (const id of [0, 1, 2]) for (const members of [4, 3]) handIn(id, members);
    await writer.finish();
    const { peers } = await readCheckpoint(folder);
    assert.deepEqual(trouble, []);
    assert.deepEqual(
      peers.map((peer) => peer?.get("error")?.[0]),
      [0, 1, 2, undefined],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
