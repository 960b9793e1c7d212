/**
 * The joiner's side of the gate: asks one member to be let in, or who is there.
 */
import type { Connection } from "@libp2p/interface";
import { ConfigError, DeadlineError, PeerLost } from "../../base/errors.ts";
import { formatSeconds, type Seconds } from "../../base/units.ts";
import { BodyReader } from "./control-messages.ts";
import { ANSWER_BYTES_MAX, type JoinAnswer, type JoinRequest, readAnswer, writeRequest } from "./join-messages.ts";
import { piecesOf } from "./lines.ts";

export type Answered = Exclude<JoinAnswer, { type: "wait" | "refused" }>;

/**
 * @param silence of the member for so long is no answer
 * @throws {ConfigError} if the member refuses; {PeerLost | DeadlineError | CorruptError} if no answer comes
 */
export async function ask(
  connection: Connection,
  protocol: string,
  request: JoinRequest,
  silence: Seconds,
  signal: AbortSignal,
): Promise<Answered> {
  const stream = await connection.newStream(protocol, { runOnLimitedConnection: true, signal });
  const where = `joining at ${connection.remoteAddr}`;
  return new Promise((resolve, reject) => {
    const reader = new BodyReader(ANSWER_BYTES_MAX);
    const late = () =>
      fail(new DeadlineError(where, { expected: "an answer", got: `none within ${formatSeconds(silence)}` }));
    let timer = setTimeout(late, silence * 1000);
    const stop = () => fail(signal.reason);
    const gone = () => fail(new PeerLost(where, { expected: "an answer", got: "the end of the connection" }));
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      stream.removeEventListener("close", gone);
      stream.removeEventListener("remoteCloseWrite", gone);
    }
    function fail(error: unknown): void {
      end();
      stream.abort(error instanceof Error ? error : new Error(String(error)));
      reject(error);
    }
    function hear(answer: JoinAnswer): void {
      clearTimeout(timer);
      timer = setTimeout(late, silence * 1000);
      if (answer.type === "wait") return;
      if (answer.type === "refused") {
        fail(new ConfigError(where, { expected: "to be let in", got: answer.reason }));
        return;
      }
      end();
      stream.close().catch(() => {});
      resolve(answer);
    }
    signal.addEventListener("abort", stop, { once: true });
    stream.addEventListener("close", gone);
    stream.addEventListener("remoteCloseWrite", gone); // a swarm that has not begun says no more than to wait
    stream.addEventListener("message", ({ data }) => {
      try {
        for (const body of reader.read(piecesOf(data))) hear(readAnswer(body));
      } catch (error) {
        fail(error);
      }
    });
    stream.send(writeRequest(request));
  });
}
