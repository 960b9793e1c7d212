/**
 * The programs that every adapter of `Peer` must run alike, by name, so that an adapter can find them inside a worker or
 * another process. Each result is plain data.
 */
import { ConfigError, ThinwireError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import type { Peer, Tag } from "./peer.ts";
import type { PeerId } from "./view.ts";

export interface ContractProgram {
  readonly peers: number;
  readonly run: (peer: Peer) => Promise<unknown>;
}

const SHORT = seconds(0.02);
const BIG = 5_000_000;

const at = (round: number, part = 0): Tag => ({ kind: "test", round, part });
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (body: Uint8Array): string => new TextDecoder().decode(body);
const othersOf = (peer: Peer): PeerId[] => peer.view.members.filter((id) => id !== peer.id);

/** A program that differs by rank; ranks beyond the list end at once. */
const byRank =
  (...programs: readonly ((peer: Peer, members: readonly PeerId[]) => Promise<unknown>)[]) =>
  async (peer: Peer): Promise<unknown> =>
    await programs[peer.view.members.indexOf(peer.id)]?.(peer, peer.view.members);

/** The code of the error that a call rejects with. */
async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "none";
  } catch (error) {
    return error instanceof ThinwireError ? error.code : String(error);
  }
}

const tagsNotArrival: ContractProgram = {
  peers: 2,
  run: byRank(
    async (peer, [, other]) => {
      for (const round of [0, 1, 2]) await peer.send(other!, at(round), bytesOf(`round ${round}`));
      for (const part of [1, 2]) await peer.send(other!, { ...at(9, part), attempt: 3 }, bytesOf(`part ${part}`));
      return textOf(await peer.receive(other!, at(3)));
    },
    async (peer, [other]) => {
      const early = peer.receive(other!, { ...at(9, 2), attempt: 3 }); // asked for before anything was sent
      const texts: string[] = [];
      for (const round of [2, 0, 1]) texts.push(textOf(await peer.receive(other!, at(round))));
      texts.push(textOf(await early), textOf(await peer.receive(other!, { ...at(9, 1), attempt: 3 })));
      await peer.send(other!, at(3), bytesOf("thanks"));
      return texts;
    },
  ),
};

const toMany: ContractProgram = {
  peers: 4,
  run: async (peer) => {
    const [first, ...rest] = peer.view.members;
    if (peer.id !== first) return textOf(await peer.receive(first!, at(0)));
    await peer.send(rest, at(0), [bytesOf("one body, "), new Uint8Array(0), bytesOf("in parts")]);
    return "sent";
  },
};

const gatherAndReceiveAny: ContractProgram = {
  peers: 4,
  run: async (peer) => {
    const [first, ...rest] = peer.view.members;
    if (peer.id !== first) {
      await peer.receive(first!, at(0));
      for (const round of [1, 2]) await peer.send(first!, at(round), bytesOf(`from ${peer.id}`));
      return "sent";
    }
    for (const id of rest.toReversed()) await peer.send(id, at(0), bytesOf("go")); // so that they answer out of order
    const all = await peer.gather(rest, at(1));
    const any: string[] = [];
    let missing: readonly PeerId[] = rest;
    while (missing.length > 0) {
      const { from, body } = await peer.receiveAny(missing, at(2));
      any.push(`${textOf(body) === `from ${from}`}`);
      missing = missing.filter((id) => id !== from);
    }
    return { all: [...all].map(([id, body]) => `${id}: ${textOf(body)}`), any };
  },
};

const deadlines: ContractProgram = {
  peers: 3,
  run: byRank(
    async (peer, [, waiter]) => {
      await peer.send(waiter!, at(0), bytesOf("in time"));
      await peer.send(waiter!, at(1), bytesOf("ready"));
      await peer.receive(waiter!, at(2));
      await peer.send(waiter!, at(3), bytesOf("late"));
      return "sent";
    },
    async (peer, [punctual, , late]) => {
      await peer.receive(punctual!, at(1));
      const came = await peer.gather([punctual!, late!], at(0), { deadline: SHORT });
      const one = await failureOf(peer.receive(punctual!, at(3), { deadline: SHORT }));
      const any = await failureOf(peer.receiveAny([punctual!, late!], at(3), { deadline: seconds(0) }));
      await peer.send([punctual!, late!], at(2), bytesOf("now"));
      // The waits that ended took nothing: all that comes later is still there for others.
      const rest = [await peer.receive(punctual!, at(3)), await peer.receive(late!, at(0))];
      return { came: [...came].map(([id, body]) => `${id}: ${textOf(body)}`), one, any, rest: rest.map(textOf) };
    },
    async (peer, [, waiter]) => {
      await peer.receive(waiter!, at(2));
      await peer.send(waiter!, at(0), bytesOf("at last"));
      return "sent";
    },
  ),
};

const copied: ContractProgram = {
  peers: 2,
  run: byRank(
    async (peer, [, other]) => {
      const body = bytesOf("as it was");
      const parts = [bytesOf("these "), bytesOf("too")];
      await peer.send(other!, at(0), body);
      await peer.send(other!, at(1), parts);
      for (const part of [body, ...parts]) part.fill(0);
      await peer.send(other!, at(2), bytesOf("overwritten"));
      return "sent";
    },
    async (peer, [other]) => {
      await peer.receive(other!, at(2));
      return [textOf(await peer.receive(other!, at(0))), textOf(await peer.receive(other!, at(1)))];
    },
  ),
};

const sizes: ContractProgram = {
  peers: 2,
  run: byRank(
    async (peer, [, other]) => {
      await peer.send(other!, at(0), new Uint8Array(0));
      await peer.send(
        other!,
        at(1),
        new Uint8Array(BIG).map((_, i) => i % 251),
      );
      return "sent";
    },
    async (peer, [other]) => {
      const empty = await peer.receive(other!, at(0));
      const big = await peer.receive(other!, at(1));
      return { empty: empty.length, big: big.length, intact: big.every((value, i) => value === i % 251) };
    },
  ),
};

const duplicates: ContractProgram = {
  peers: 2,
  run: byRank(
    async (peer, [, other]) => {
      for (const text of ["first", "second"]) await peer.send(other!, at(0), bytesOf(text));
      await peer.receive(other!, at(1));
      await peer.send(other!, at(0), bytesOf("third"));
      await peer.send(other!, at(2), bytesOf("end"));
      await peer.receive(other!, at(3)); // stays until the other has looked
      return "sent";
    },
    async (peer, [other]) => {
      const text = textOf(await peer.receive(other!, at(0)));
      await peer.send(other!, at(1), bytesOf("go on"));
      await peer.receive(other!, at(2));
      const again = await failureOf(peer.receive(other!, at(0), { deadline: SHORT }));
      await peer.send(other!, at(3), bytesOf("done"));
      return { text, again };
    },
  ),
};

const leaving: ContractProgram = {
  peers: 3,
  run: byRank(
    async (peer, [, stays, also]) => {
      await peer.send([stays!, also!], at(0), bytesOf("a last word"));
      return "left";
    },
    async (peer, [gone, , also]) => {
      const never = await failureOf(peer.receive(gone!, at(1)));
      const any = await failureOf(peer.receiveAny([gone!], at(1)));
      const sending = await failureOf(peer.send(gone!, at(2), bytesOf("are you there?")));
      const left = textOf(await peer.receive(gone!, at(0)));
      const all = await peer.gather([gone!, also!], at(3));
      return { never, any, sending, left, all: [...all.keys()] };
    },
    async (peer, [gone, stays]) => {
      const text = textOf(await peer.receive(gone!, at(0)));
      await peer.send(stays!, at(3), bytesOf("still here"));
      return text;
    },
  ),
};

const working: ContractProgram = {
  peers: 2,
  run: async (peer) => {
    const before = peer.clock.now();
    const now = await peer.work("think", seconds(0.001), () => peer.id + 40);
    const later = await peer.work("think", undefined, async () => {
      await new Promise((resolve) => setImmediate(resolve)); // as native work: it ends in a later turn
      return peer.id + 50;
    });
    const thrown = await failureOf(
      peer.work("fail", seconds(0), () => {
        throw new ConfigError("work", { expected: "nothing" });
      }),
    );
    const spent = peer.meter.totals().spent.get("think") ?? Number.NaN;
    return { now, later, thrown, metered: spent >= 0, forwards: peer.clock.now() >= before };
  },
};

const metering: ContractProgram = {
  peers: 3,
  run: async (peer) => {
    const others = othersOf(peer);
    for (const id of others) await peer.send(id, at(0), new Uint8Array(100 * (peer.id + 1) + id));
    await peer.send(others, at(1), [new Uint8Array(5), new Uint8Array(2)]);
    for (const round of [0, 1]) await peer.gather(others, at(round));
    const { sent, received } = peer.meter.totals();
    return { sent, received };
  },
};

const randomness: ContractProgram = {
  peers: 3,
  run: async (peer) => ["peer/0/batches", "init"].map((name) => peer.rng.split(name).u32(5)),
};

const recycling: ContractProgram = {
  peers: 2,
  run: byRank(
    async (peer, [, other]) => {
      for (let round = 0; round < 20; round++) await peer.send(other!, at(round), new Uint8Array(1000).fill(round));
      return "sent";
    },
    async (peer, [other]) => {
      const kept = await peer.receive(other!, at(19));
      let intact = true;
      for (let round = 0; round < 19; round++) {
        const body = await peer.receive(other!, at(round));
        intact &&= body.length === 1000 && body.every((value) => value === round);
        peer.recycle(body);
      }
      return intact && kept.every((value) => value === 19);
    },
  ),
};

const allToAll: ContractProgram = {
  peers: 16,
  run: async (peer) => {
    const others = othersOf(peer);
    let sum = peer.id + 1;
    for (let round = 0; round < 3; round++) {
      await peer.send(others, at(round), Uint8Array.of(sum % 256));
      const bodies = await peer.gather(others, at(round));
      for (const body of bodies.values()) sum += body[0]!;
      sum %= 256;
    }
    return sum;
  },
};

const membership: ContractProgram = {
  peers: 3,
  run: async ({ id, view }) => ({ id, epoch: view.epoch, members: [...view.members], workers: [...view.workers] }),
};

/** Plays ball for ever. */
const endless: ContractProgram = {
  peers: 2,
  run: async (peer) => {
    const [other] = othersOf(peer);
    for (let round = 0; ; round++) {
      await peer.send(other!, at(round), bytesOf("ball"));
      await peer.receive(other!, at(round));
    }
  },
};

/** One fails while the others wait for it. */
const failing: ContractProgram = {
  peers: 3,
  run: async (peer) => {
    const [, second] = peer.view.members;
    if (peer.id !== second) return await peer.receive(second!, at(0));
    return await peer.work("fail", seconds(0.001), () => {
      throw new ConfigError("contract", { expected: "to be passed on" });
    });
  },
};

export type ContractName =
  | "tagsNotArrival"
  | "toMany"
  | "gatherAndReceiveAny"
  | "deadlines"
  | "copied"
  | "sizes"
  | "duplicates"
  | "leaving"
  | "working"
  | "metering"
  | "randomness"
  | "recycling"
  | "allToAll"
  | "membership"
  | "endless"
  | "failing";

/** By name, so that they can be run where functions cannot be sent. */
export const contractPrograms: Readonly<Record<ContractName, ContractProgram>> = {
  tagsNotArrival,
  toMany,
  gatherAndReceiveAny,
  deadlines,
  copied,
  sizes,
  duplicates,
  leaving,
  working,
  metering,
  randomness,
  recycling,
  allToAll,
  membership,
  endless,
  failing,
};
