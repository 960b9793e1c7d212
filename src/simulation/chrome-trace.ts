/**
 * A trace in the Trace Event Format, which Perfetto and chrome://tracing open: each peer is a process with three tracks,
 * its program (work and waits), its up port and its down port; arrows join the two ports that a message passes. Time is
 * virtual. Text goes out piece by piece, so that a trace may be larger than memory.
 * @see https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { Seconds } from "../base/units.ts";
import type { Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import type { PortEvent, Trace, TraceEvent } from "./trace.ts";

const TRACKS = ["program", "up port", "down port"] as const;
const [PROGRAM, UP, DOWN] = [0, 1, 2];

export class ChromeTrace {
  readonly #write: (text: string) => void;
  readonly #named = new Set<PeerId>();
  #begun = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Hears what happens. */
  readonly trace: Trace = (event) => {
    if (!this.#named.has(event.from)) this.#name(event.from);
    for (const written of this.#of(event)) this.#put(written);
  };

  /** Nothing more will happen. */
  end(): void {
    this.#write(this.#begun ? '\n],"displayTimeUnit":"ms"}\n' : '{"traceEvents":[]}\n');
  }

  #of(event: TraceEvent): readonly object[] {
    switch (event.kind) {
      case "work":
        return [{ ...slice(event.from, PROGRAM, event), name: event.label, cat: "work" }];
      case "wait":
        return [{ ...slice(event.from, PROGRAM, event), name: "wait", cat: "wait", args: about(event) }];
      case "up":
        return this.#passes(event, event.from, UP, `to ${event.to}`, { ph: "s" });
      case "down":
        return this.#passes(event, event.to, DOWN, `from ${event.from}`, { ph: "f", bp: "e" });
      case "drop":
        return [{ ...instant(event.from, UP, event.time), name: event.why ?? "dropped", args: about(event) }];
      case "crash":
      case "leave":
      case "return":
        return [{ ...instant(event.from, PROGRAM, event.time), name: event.kind }];
      case "send":
      case "deliver":
      case "copy":
        return []; // the ports show it
    }
  }

  #passes(event: PortEvent, owner: PeerId, track: number, name: string, arrow: object): readonly object[] {
    if (!this.#named.has(owner)) this.#name(owner);
    const args = about(event);
    const id = `${event.from}/${event.serial}`;
    return [
      { ...slice(owner, track, event), name, cat: "wire", args },
      { ...arrow, id, name: "message", cat: "wire", pid: owner, tid: track, ts: micros(event.time) },
    ];
  }

  #name(id: PeerId): void {
    this.#named.add(id);
    this.#put({ ph: "M", pid: id, name: "process_name", args: { name: `peer ${id}` } });
    this.#put({ ph: "M", pid: id, name: "process_sort_index", args: { sort_index: id } });
    for (const [tid, name] of TRACKS.entries()) {
      this.#put({ ph: "M", pid: id, tid, name: "thread_name", args: { name } });
    }
  }

  #put(event: object): void {
    this.#write(`${this.#begun ? "," : '{"traceEvents":['}\n${JSON.stringify(event)}`);
    this.#begun = true;
  }
}

/** To the nanosecond. */
const micros = (time: Seconds): number => Math.round(time * 1e9) / 1000;

const slice = (pid: PeerId, tid: number, { time, until }: { readonly time: Seconds; readonly until: Seconds }) => ({
  ph: "X",
  pid,
  tid,
  ts: micros(time),
  dur: Math.max(0, Math.round(until * 1e9) - Math.round(time * 1e9)) / 1000,
});

const instant = (pid: PeerId, tid: number, time: Seconds) => ({ ph: "i", s: "t", pid, tid, ts: micros(time) });

function about({
  tag,
  bytes,
  label,
}: {
  readonly tag?: Tag;
  readonly bytes?: number;
  readonly label?: string;
}): object {
  return { ...(label !== undefined && { call: label }), ...(bytes !== undefined && { bytes }), ...tag };
}
