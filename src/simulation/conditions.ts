/**
 * Conditions: what faults do to the peers of a simulation, as the hooks that the simulator asks. All is drawn from the
 * seed by name and counter: the attempts of a peer's messages, the pieces of its work, its stays.
 */
import type { Random } from "../base/random.ts";
import { parseDuration, type Seconds, seconds } from "../base/units.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { Absence } from "./churn.ts";
import { type Faults, type Group, parseIds, parseReorder, parseStay, parseStragglers } from "./faults.ts";
import { parseLaw } from "./law.ts";
import { type Link, latencyBetween, parseLink } from "./link.ts";
import type { Latency, Mangle } from "./network.ts";
import type { SimulationOptions } from "./simulate.ts";
import type { Pace } from "./station.ts";

export type Conditions = Pick<
  SimulationOptions,
  "link" | "latency" | "mangle" | "retransmit" | "pace" | "crashes" | "churn" | "detection" | "cores"
>;

/** What surrounds the faults. */
export interface Swarm {
  readonly view: View;
  /** Of peers whose group has none. */
  readonly link: Link;
  readonly rng: Random;
}

/** Places where these faults are named in errors: they were checked when they were read. */
const WHERE = "faults";

export function conditionsOf(faults: Faults, swarm: Swarm): Conditions {
  const {
    loss,
    corrupt,
    duplicate,
    reorder,
    partitions,
    latency,
    jitter,
    detection,
    cores,
    retransmit = true,
  } = faults;
  const groups = groupsOf(faults);
  const link = linkOf(faults, groups, swarm.link);
  // The simulator is faster where it need not ask about every message.
  const mangled = [loss, corrupt, duplicate, reorder, partitions].some((fault) => fault !== undefined);
  const uneven = [latency, jitter].some((fault) => fault !== undefined);
  return {
    link,
    ...(uneven && { latency: latencyOf(faults, groups, link, swarm) }),
    ...(mangled && { mangle: mangleOf(faults, groups, swarm) }),
    retransmit,
    pace: paceOf(faults, groups, swarm),
    crashes: crashesOf(faults),
    ...(faults.churn && { churn: churnOf(faults.churn, swarm) }),
    ...(detection !== undefined && { detection: parseDuration(detection, WHERE) }),
    ...(cores !== undefined && { cores }),
  };
}

/** The name of a peer's group. */
type Groups = ReadonlyMap<number, string>;

const groupsOf = ({ groups = {} }: Faults): Groups =>
  new Map(Object.entries(groups).flatMap(([name, { peers }]) => parseIds(peers, WHERE).map((id) => [id, name])));

const groupOf = ({ groups = {} }: Faults, names: Groups, id: PeerId): Group | undefined => groups[names.get(id) ?? ""];

function linkOf(faults: Faults, names: Groups, usual: Link): (id: PeerId) => Link {
  const links = new Map(
    Object.entries(faults.groups ?? {}).flatMap(([name, { link }]) =>
      link === undefined ? [] : [[name, parseLink(link)]],
    ),
  );
  return (id) => links.get(names.get(id) ?? "") ?? usual;
}

function latencyOf(faults: Faults, names: Groups, link: (id: PeerId) => Link, { rng }: Swarm): Latency {
  const distances = new Map<string, Seconds>();
  for (const [pair, distance] of Object.entries(faults.latency ?? {})) {
    const [one, other] = pair.split("/");
    for (const way of [`${one}/${other}`, `${other}/${one}`]) distances.set(way, parseDuration(distance, WHERE));
  }
  const jitter = parseLaw(faults.jitter ?? "constant", WHERE);
  const streams = streamsOf(rng, "jitter");
  const far = distances.size > 0;
  return (from, to, serial) => {
    const distance = far ? distances.get(`${names.get(from)}/${names.get(to)}`) : undefined;
    return seconds((distance ?? latencyBetween(link(from), link(to))) * jitter.draw(streams(from), serial));
  };
}

function mangleOf(faults: Faults, names: Groups, { rng }: Swarm): Mangle {
  const { loss = 0, corrupt = 0, duplicate = 0 } = faults;
  const { probability: reorder, within } = parseReorder(faults.reorder ?? "0:0s", WHERE);
  const cuts = (faults.partitions ?? []).map(({ cut, at, for: time }) => {
    const from = parseDuration(at, WHERE);
    return { groups: new Set(cut), from, until: from + parseDuration(time, WHERE) };
  });
  const isCut = (from: PeerId, to: PeerId, time: Seconds): boolean =>
    cuts.some(({ groups, ...cut }) => {
      const inside = (id: PeerId) => groups.has(names.get(id) ?? "");
      return time >= cut.from && time < cut.until && inside(from) !== inside(to);
    });
  const streams = streamsOf(rng, "wire");
  return ({ from, to, time, serial }) => {
    if (cuts.length > 0 && isCut(from, to, time)) return "lose";
    const draws = streams(from);
    const u = draws.u32(2 * serial) * 2 ** -32;
    if (u < loss) return "lose";
    if (u < loss + corrupt) return "corrupt";
    if (u < loss + corrupt + duplicate) return "duplicate";
    if (u < loss + corrupt + duplicate + reorder) return { delay: seconds(within * draws.uniform(2 * serial + 1)) };
    return "deliver";
  };
}

function paceOf(faults: Faults, names: Groups, { view, rng }: Swarm): (id: PeerId) => Pace | undefined {
  const { share, times } = parseStragglers(faults.stragglers ?? "0:1x", WHERE);
  const { workers } = view;
  const order = rng.split("stragglers").permutation(workers.length);
  const slow = new Set([...order.subarray(0, Math.ceil(share * workers.length))].map((index) => workers[index]));
  const streams = streamsOf(rng, "compute");
  return (id) => {
    const { slowdown = 1, compute = faults.compute ?? "constant" } = groupOf(faults, names, id) ?? {};
    const factor = slowdown * (slow.has(id) ? times : 1);
    const law = parseLaw(compute, WHERE);
    if (law.name === "constant") return factor === 1 ? undefined : () => factor;
    return (n) => factor * law.draw(streams(id), n);
  };
}

const crashesOf = ({ crashes = [] }: Faults): NonNullable<SimulationOptions["crashes"]> =>
  crashes.map(({ peer, at, for: time }) => {
    const begin = parseDuration(at, WHERE);
    const back = time === undefined ? {} : { back: seconds(begin + parseDuration(time, WHERE)) };
    return { peer: peer as PeerId, at: begin, ...back };
  });

function churnOf(churn: NonNullable<Faults["churn"]>, { view, rng }: Swarm): (id: PeerId) => Iterable<Absence> {
  const { online, offline, law = "exponential", graceful = 0 } = churn;
  const stay = parseStay(law, WHERE);
  const means = [online, offline].map((time) => parseDuration(time, WHERE) / stay.mean);
  const [first] = view.members; // it serves, and decides when the run is over
  return function* absences(id: PeerId) {
    if (id === first) return;
    const draws = rng.split(`peer/${id}/churn`);
    const chances = rng.split(`peer/${id}/graceful`);
    let time = 0;
    for (let i = 0; ; i++) {
      const at = time + means[0]! * stay.draw(draws, 2 * i);
      time = at + means[1]! * stay.draw(draws, 2 * i + 1);
      yield { at: seconds(at), back: seconds(time), graceful: chances.uniform(i) < graceful };
    }
  };
}

/** The randomness of each peer for one purpose. */
function streamsOf(rng: Random, purpose: string): (id: PeerId) => Random {
  const streams: Random[] = [];
  return (id) => {
    streams[id] ??= rng.split(`peer/${id}/${purpose}`);
    return streams[id];
  };
}
