/** Where a question goes: the channel of a Saleor. */
export interface Address {
  readonly channel: string;
  /** Base address of Saleor; null: where this module came from. */
  readonly endpoint: string | null;
}

/** Why something was refused. Codes are in lower case here, as events tell them. */
export interface Problem {
  readonly code: string;
  /** The sentence that is said, where it is not that of the code. */
  readonly says?: string;
  /** A sentence in English; the element's own problems have none. */
  readonly message?: string;
  readonly fields?: readonly string[];
  readonly retryAfter?: number | null;
}

/** A question that is not answered by then, in milliseconds, is given up. */
const TIMEOUT = 15_000;

const ORIGIN = import.meta.url.split("/plugins/")[0] ?? "";

/**
 * Asks the plugin and returns the one root field of the answer. Throws where there is none: no
 * connection, no answer in time, or one that is not the plugin's.
 */
export async function ask<Root>(
  { channel, endpoint }: Address,
  query: string,
  token?: string,
): Promise<Root> {
  const base = (endpoint ?? ORIGIN).replace(/\/$/, "");
  const response = await fetch(`${base}/plugins/channel/${channel}/covergenius.xcover/graphql`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(TIMEOUT),
  });
  const { data } = (await response.json()) as { data: Record<string, Root> };
  const [root] = Object.values(data);
  if (!root) throw new Error("The plugin answered nothing.");
  return root;
}

/** The problem of a question that got no answer. */
export const silence = (): Problem => ({ code: navigator.onLine ? "unreachable" : "offline" });

/** Writes arguments as GraphQL does. */
export const argumentsOf = (given: Record<string, unknown>): string =>
  Object.entries(given)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(", ");
