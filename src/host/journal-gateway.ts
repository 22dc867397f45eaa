import type { EntrySource } from "./journal-answer.ts";
import { JournalFailure } from "./journal-answer.ts";
import { gatewayEntries } from "./gateway-entries.ts";
import { gatewayRequests, type GatewayLimits } from "./gateway-request.ts";
import { mergeInOrder } from "./journal-order.ts";

/** A running systemd-journal-gatewayd(8), by what `--journal-url` says. */
export type OpenedGateway =
  | {
      readonly status: "opened";
      readonly source: EntrySource;
      /** Shown to people; never with credentials. */
      readonly origin: string;
      /** The machine that serves, which need not be the one whose journal it serves. */
      readonly serves: { readonly hostname: string; readonly machineId: string };
    }
  | { readonly status: "wrong-usage"; readonly message: string; readonly hint: string }
  /** It is named rightly and does not answer as a gateway does. */
  | { readonly status: "unreachable"; readonly message: string };

/**
 * Asks the gateway who it is; only what systemd 252 has is used. Never throws for what it answers.
 */
export const openGateway = async (
  text: string,
  limits?: Partial<GatewayLimits>,
): Promise<OpenedGateway> => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/u.test(url.protocol)) {
    return wrongUsage("it is no http or https URL", "for example http://host:19531");
  }
  if (url.username !== "" || url.password !== "") {
    return wrongUsage(
      "it holds a user or a password, which systemd-journal-gatewayd does not know",
      "leave out what stands in front of the @",
    );
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return wrongUsage("it has more than a host and a port", "for example http://host:19531");
  }
  const ask = gatewayRequests(url, limits);
  try {
    const serves = machineOf(await ask.text("/machine"));
    if (serves === undefined) {
      return {
        status: "unreachable",
        message: `${url.origin} is no systemd-journal-gatewayd: its /machine names no machine`,
      };
    }
    const entries = gatewayEntries(ask);
    const values = async (field: string): Promise<readonly string[]> =>
      valuesOf(field, await ask.text(`/fields/${field}`)).toSorted();
    return {
      status: "opened",
      origin: url.origin,
      serves,
      source: {
        complaints: () => [],
        values,
        async *entries({ alternatives, since, until, isReverse }) {
          const parts = alternatives.map((alternative) =>
            entries({ alternative, since, until, isReverse }),
          );
          yield* mergeInOrder(parts, isReverse ? -1 : 1);
        },
        async boots() {
          const spans = [];
          for (const id of await values("_BOOT_ID")) {
            const alternative = new Map([["_BOOT_ID", [id]]]);
            const [first, last] = await Promise.all(
              [false, true].map((isReverse) => firstOf(entries({ alternative, isReverse }))),
            );
            if (first !== undefined && last !== undefined)
              spans.push({ id, first: first.position.time, last: last.position.time });
          }
          return spans.toSorted((a, b) => a.first - b.first);
        },
      },
    };
  } catch (error) {
    if (!(error instanceof JournalFailure)) throw error;
    return { status: "unreachable", message: error.message };
  }
};

/** The text itself is not repeated: it may hold a password. */
const wrongUsage = (why: string, hint: string): OpenedGateway => ({
  status: "wrong-usage",
  message: `--journal-url cannot be used: ${why}`,
  hint,
});

const firstOf = async <Entry>(entries: AsyncIterable<Entry>): Promise<Entry | undefined> => {
  for await (const entry of entries) return entry;
  return undefined;
};

const parseObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
};

const machineOf = (
  text: string,
): { readonly hostname: string; readonly machineId: string } | undefined => {
  const { machine_id: machineId, hostname } = parseObject(text);
  return typeof machineId === "string" && /^[0-9a-f]{32}$/u.test(machineId)
    ? { machineId, hostname: typeof hostname === "string" ? hostname : "unknown" }
    : undefined;
};

/** `/fields/NAME` as JSON: an object with the one field on each line. */
const valuesOf = (field: string, text: string): readonly string[] =>
  text.split("\n").flatMap((line) => {
    const value = parseObject(line)[field];
    return typeof value === "string" ? [value] : [];
  });
