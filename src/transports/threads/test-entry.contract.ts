/**
 * The worker of the tests beside it: runs a program of the Peer contract or one of its own, by name.
 */
import { ConfigError } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import type { Tag } from "../../ports/peer.ts";
import { type ContractName, contractPrograms } from "../../ports/peer-programs.contract.ts";
import type { PeerId } from "../../ports/view.ts";
import { type Served, servePeer } from "./serve-peer.ts";

export type TestData =
  | { readonly contract: ContractName }
  | { readonly program: ProgramName; readonly size?: number; readonly rounds?: number };

export type ProgramName =
  | "rank"
  | "fail"
  | "exit"
  | "busy"
  | "talk"
  | "view"
  | "broadcast"
  | "hoard"
  | "damaged"
  | "pingPong"
  | "leave"
  | "gatherUp"
  | "leak";

const at = (round: number): Tag => ({ kind: "test", round });

const firstOf = ({ peer }: Served): PeerId => peer.view.members[0]!;
const lastOf = ({ peer }: Served): PeerId => peer.view.members.at(-1)!;
const othersOf = ({ peer }: Served): PeerId[] => peer.view.members.filter((id) => id !== peer.id);

interface Options {
  /** Of a body, in bytes. */
  readonly size: number;
  readonly rounds: number;
}

const programs: Record<ProgramName, (served: Served, options: Options) => Promise<unknown>> = {
  /** Ends the later the lower its rank, and returns its rank. */
  async rank({ peer }: Served): Promise<number> {
    const next = peer.view.members[peer.id + 1];
    if (next !== undefined) await peer.receive(next, at(0));
    if (peer.id > 0) await peer.send(peer.view.members[peer.id - 1]!, at(0), Uint8Array.of(1));
    return peer.id;
  },

  /** The last one fails; the others tell what they saw of it. */
  async fail(served: Served): Promise<string> {
    const { peer } = served;
    if (peer.id === lastOf(served)) {
      throw new ConfigError("test program", { expected: "nothing", got: peer.id, cause: new RangeError("deeper") });
    }
    return await messageOf(peer.receive(lastOf(served), at(0)));
  },

  /** The thread of the last one stops without a word; the others tell what they saw of it. */
  async exit(served: Served): Promise<string> {
    const { peer } = served;
    if (peer.id === lastOf(served)) {
      await peer.send(othersOf(served), at(0), Uint8Array.of(7));
      process.exit(3);
    }
    const [last] = await peer.receive(lastOf(served), at(0));
    return `${last}, then ${await messageOf(peer.receive(lastOf(served), at(1)))}`;
  },

  /** Works without ever waiting for anybody. */
  async busy({ peer, control }: Served): Promise<never> {
    try {
      for (;;) await peer.work("work", seconds(0), () => {});
    } finally {
      control.post("released");
    }
  },

  /** Answers each message of the swarm until it is told to stop. */
  async talk({ control, peer }: Served): Promise<string> {
    return await new Promise((resolve) => {
      control.onMessage((message) => {
        if (message === "stop") resolve(`peer ${peer.id} stopped`);
        else control.post({ from: peer.id, echo: message });
      });
    });
  },

  /** A result and a message that are views of a large buffer. */
  async view({ control }: Served): Promise<Float32Array> {
    const view = new Float32Array(new ArrayBuffer(1 << 20), 64, 4).fill(0.5);
    control.post({ view });
    return view;
  },

  /** The first sends a body to all others in each round; they hand it back, and count those that came intact. */
  broadcast: (served: Served, options: Options) =>
    streamed(served, options, (body) => {
      served.peer.recycle(body);
      served.peer.recycle(body); // once too often does no harm
    }),

  /** The same, but nobody hands anything back. */
  hoard: (served: Served, options: Options) => streamed(served, options, () => {}),

  /** The first sends three bodies; the second tells which of them come while the last round is waited for. */
  async damaged(served: Served): Promise<readonly number[]> {
    const { peer } = served;
    const first = firstOf(served);
    if (peer.id === first) {
      for (const round of [0, 1, 2]) await peer.send(othersOf(served), at(round), new Uint8Array(40_000).fill(round));
      return [];
    }
    await peer.receive(first, at(2));
    const came: number[] = [];
    for (const round of [0, 1]) {
      const mail = await peer.gather([first], at(round), { deadline: seconds(0) });
      if (mail.size > 0) came.push(round);
    }
    return came;
  },

  /** Plays ball; how long `rounds` rounds take. */
  async pingPong(served: Served, { size, rounds }: Options): Promise<Seconds> {
    const { peer } = served;
    const [other] = othersOf(served);
    const body = new Uint8Array(size);
    const began = peer.clock.now();
    for (let round = 0; round < rounds; round++) {
      if (peer.id === firstOf(served)) await peer.send(other!, at(round), body);
      peer.recycle(await peer.receive(other!, at(round)));
      if (peer.id !== firstOf(served)) await peer.send(other!, at(round), body);
    }
    return seconds(peer.clock.now() - began);
  },

  /** Sends to the others and does not wait for them. */
  async leave(served: Served): Promise<string> {
    await served.peer.send(othersOf(served), at(0), new Uint8Array(1000));
    return "left";
  },

  /** The last one ends at once, the second sets itself up for longer than the first; both go on together. */
  async gatherUp({ peer, control, together }: Served): Promise<string> {
    if (peer.id === 2) return "ended";
    for (let turns = 0; turns < 200 * peer.id; turns++) await peer.work("set up", seconds(0), () => {});
    control.post("there");
    await together();
    control.post("on");
    return "on";
  },

  /** Leaves a timer open that keeps its thread alive. */
  async leak(): Promise<string> {
    setInterval(() => {}, 1000);
    return "done";
  },
};

async function streamed(served: Served, { size, rounds }: Options, use: (body: Uint8Array) => void): Promise<number> {
  const { peer } = served;
  const first = firstOf(served);
  let intact = 0;
  for (let round = 0; round < rounds; round++) {
    if (peer.id === first) {
      await peer.send(othersOf(served), at(round), new Uint8Array(size).fill(round));
      continue;
    }
    const body = await peer.receive(first, at(round));
    if (body.length === size && body[0] === round % 256 && body.at(-1) === round % 256) intact += 1;
    use(body);
  }
  return intact;
}

async function messageOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "nothing";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

servePeer<unknown>((served) => {
  const data = served.data as TestData; // what the test passed
  if ("contract" in data) return contractPrograms[data.contract].run(served.peer);
  const { program, size = 0, rounds = 0 } = data;
  return programs[program](served, { size, rounds });
});
