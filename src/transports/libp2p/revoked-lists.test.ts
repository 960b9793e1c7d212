import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../base/errors.ts";
import { KeyPair } from "./keys.ts";
import { Revocations } from "./revocations.ts";
import type { SwarmEvent } from "./swarm-event.ts";
import { found, gather, join, type Player, play, stopAll } from "./testing.ts";

const GARBAGE = Uint8Array.of(1, 2, 3);

/** What a member passes on that does not know what it does. */
class Garbled extends Revocations {
  override get list(): Uint8Array {
    return GARBAGE;
  }
}

test("a member that passes on what is no list of tickets is dropped, and the other goes on", async () => {
  const { swarmId } = await KeyPair.generate();
  const dropped: SwarmEvent[] = [];
  const players = await gather(2, {
    revocations: new Revocations(swarmId),
    onEvent: (event) => event.type === "dropped" && dropped.push(event),
  });
  const [a, b] = players as [Player, Player];
  try {
    b.stay.links.get(a.stay.id)?.send({ type: "revoked", list: GARBAGE });
    assert.equal(await b.stay.over, "expelled");
    assert.deepEqual(
      a.stay.view.members.map(({ id }) => id),
      [a.stay.id],
    );
    assert.match(JSON.stringify(dropped), /revocations/);
    await assert.rejects(b.peer.receive(a.peer.id, { kind: "test", round: 0 }), ({ cause }: Error) =>
      /It was dropped, and cannot join again: revocations/.test(String(cause)),
    );
  } finally {
    await stopAll(players);
  }
});

test("a joiner that is given no list of tickets does not join, and says why", async () => {
  const { swarmId } = await KeyPair.generate();
  const founder = await found({ revocations: new Garbled(swarmId) });
  const joiner = await join(founder.addresses, { revocations: new Revocations(swarmId) });
  try {
    await play(founder);
    await assert.rejects(
      joiner.enter(),
      (error) => error instanceof ConfigError && error.where === "revoked tickets" && /signed/.test(error.message),
    );
  } finally {
    await joiner.stop();
    await founder.stop();
  }
});
