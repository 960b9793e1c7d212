/** Golden frames: header and body, and the bytes that they become. */
import { ByteSink } from "../../src/coding/bytes.ts";
import { FRAME_BYTES, type FrameHeader, writeFrame } from "../../src/coding/frame.ts";
import { peerId } from "../../src/ports/view.ts";

export interface GoldenFrame extends FrameHeader {
  readonly body: string;
  readonly hex: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Bodies without an entry, below a stripe of the checksum, of one stripe, and of several with a tail. */
const BODIES = [0, 5, 64, 203].map((length) => Uint8Array.from({ length }, (_, i) => (7 * i + 1) % 251));

export function goldenFrames(): GoldenFrame[] {
  return BODIES.map((body, i) => {
    const header: FrameHeader = {
      kind: i % 2 === 0 ? "up" : "down",
      attempt: i,
      epoch: 0x01020304 * i,
      sender: peerId(i),
      part: 256 * i,
      round: 2 ** 32 - 1 - i,
    };
    const sink = new ByteSink(FRAME_BYTES + body.length);
    writeFrame(header, body, sink);
    return { ...header, body: hex(body), hex: hex(sink.written) };
  });
}
