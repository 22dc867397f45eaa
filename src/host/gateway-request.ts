import { JournalFailure } from "./journal-answer.ts";

/** How far a gateway is trusted to be quick and short. */
export interface GatewayLimits {
  /** From the request to the end of its answer. */
  readonly seconds: number;
  /** Without a byte. */
  readonly silentSeconds: number;
  readonly mostBytes: number;
}

const LIMITS: GatewayLimits = { seconds: 600, silentSeconds: 30, mostBytes: 1024 * 1024 * 1024 };
const MOST_TEXT_BYTES = 16 * 1024 * 1024;

/** Requests to one gateway. What goes wrong is thrown as a JournalFailure that says what was tried. */
export interface GatewayRequests {
  /** The whole answer, as JSON where it can be. */
  text(path: string): Promise<string>;
  /** Bytes in the export format as they come. A reader that stops ends the request. `range`: as the header Range takes it. */
  bytes(path: string, range: string): AsyncGenerator<Buffer>;
}

/** Requests to the gateway at `url`, which has neither path nor credentials. A redirect is refused: it would ask somebody else. */
export const gatewayRequests = (url: URL, limits: Partial<GatewayLimits> = {}): GatewayRequests => {
  const { seconds, silentSeconds, mostBytes } = { ...LIMITS, ...limits };

  async function* body(
    path: string,
    headers: Readonly<Record<string, string>>,
    most: number,
  ): AsyncGenerator<Buffer> {
    const name = `${url.origin}${path}`;
    const stop = new AbortController();
    let why: JournalFailure | undefined;
    const abortAfter = (time: number, message: string): NodeJS.Timeout =>
      setTimeout(() => {
        why = new JournalFailure(message, "timed-out");
        stop.abort();
      }, time * 1000);
    const total = abortAfter(seconds, `${name} did not end its answer within ${seconds} s`);
    const listen = (): NodeJS.Timeout =>
      abortAfter(silentSeconds, `${name} said nothing for ${silentSeconds} s`);
    let silence = listen();
    try {
      const response = await fetch(name, {
        headers,
        redirect: "manual",
        credentials: "omit",
        signal: stop.signal,
      });
      if (response.status !== 200) throw new JournalFailure(statusText(name, response.status));
      let bytes = 0;
      for await (const chunk of response.body ?? []) {
        // While the reader is busy elsewhere, silence is not the gateway's.
        clearTimeout(silence);
        bytes += chunk.length;
        if (bytes > most) {
          throw new JournalFailure(
            `${name} answers with more than ${Math.round(most / 1024 / 1024)} MiB`,
            "too-much-output",
          );
        }
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        silence = listen();
      }
    } catch (error) {
      if (error instanceof JournalFailure) throw error;
      throw why ?? new JournalFailure(`${name} could not be read: ${networkError(error)}`);
    } finally {
      clearTimeout(total);
      clearTimeout(silence);
      stop.abort();
    }
  }

  return {
    async text(path) {
      const chunks = [];
      for await (const chunk of body(path, { Accept: "application/json" }, MOST_TEXT_BYTES))
        chunks.push(chunk);
      return Buffer.concat(chunks).toString("utf8");
    },
    // Its JSON leaves out long fields, and nobody can ask it not to (systemd 252 to 262); the export format is whole.
    bytes: (path, range) =>
      body(path, { Accept: "application/vnd.fdo.journal", Range: `entries=${range}` }, mostBytes),
  };
};

const statusText = (name: string, status: number): string => {
  if (status >= 300 && status < 400)
    return `${name} leads elsewhere (HTTP ${status}), which is not followed`;
  if (status === 404) return `${name} is not there (HTTP 404): is it a systemd-journal-gatewayd?`;
  return `${name} answers with HTTP ${status}`;
};

/** `fetch` says only that it failed; its cause tells why. */
const networkError = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return WORDS.get(code) ?? (cause instanceof Error && cause.message !== "" ? cause.message : code);
};

const WORDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "the connection was refused"],
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "the host's name could not be looked up"],
  ["ECONNRESET", "the connection was reset"],
  ["UND_ERR_SOCKET", "the connection broke off"],
  ["UND_ERR_CONNECT_TIMEOUT", "nobody answered"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["ENETUNREACH", "the network cannot be reached"],
]);
