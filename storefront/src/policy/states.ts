import type { Cover } from "./api";

/** The states a cover can be in, as texts name them; any other one is `unknown`. */
const STATES = ["placed", "confirming", "confirmed", "cancelling", "cancelled", "parked", "void"];

/** Milliseconds between two looks while the policy is being made; the last one repeats. */
const WAITS = [1500, 2000, 3000, 5000, 8000, 15_000, 30_000];

/** The state of a cover; `unknown` for one of another version, never "not protected". */
export function stateOf({ status }: Cover): string {
  const state = status?.toLowerCase() ?? "";
  return STATES.includes(state) ? state : "unknown";
}

/** How long to wait for the next look; null: nothing more happens by itself. */
export function waitAfter(state: string, look: number): number | null {
  if (!["placed", "confirming", "failed"].includes(state)) return null;
  return WAITS[Math.min(look, WAITS.length - 1)] ?? null;
}

/** An address that may be a link: nothing but the web. */
export const isWebAddress = (address: string | null | undefined): address is string =>
  /^https?:\/\//i.test(address ?? "");
