// The client of the shop's server. No other module sends requests to it.

// A request failed as a whole. The message is a sentence for the person at the screen.
export class Problem extends Error {}

export async function ask(operation, variables = {}) {
  const root = await send("/api/graphql", { operation, variables });
  // The plugin's refusals are part of its contract and are handled by the caller.
  if (root?.errors?.length && !operation.startsWith("insurance")) {
    throw new Problem(root.errors.map((error) => error.message).join(" "));
  }
  return root;
}

export const config = () => send("/api/config");
export const pay = (checkoutId, total) => send("/api/pay", { checkoutId, total });

// The key at the end of the staff's address is kept in this tab, so that links need not carry it.
const KEPT_KEY = "staff-key";

export function keepStaffKey(query) {
  const key = new URLSearchParams(query).get("key");
  if (key) sessionStorage.setItem(KEPT_KEY, key);
}

export const staff = {
  orders: () => send("/api/staff/orders"),
  order: (orderId) => send("/api/staff/order", { orderId }),
  refund: (orderId, amount) => send("/api/staff/refund", { orderId, amount }),
  desk: () => send("/api/staff/desk"),
  xcover: () => send("/api/staff/xcover"),
  setXcoverDown: (isDown) => send("/api/staff/xcover", { isDown }),
};

async function send(path, body) {
  const headers = {};
  if (path.startsWith("/api/staff/")) headers["X-Staff-Key"] = sessionStorage.getItem(KEPT_KEY) ?? "";
  if (body) headers["Content-Type"] = "application/json";
  const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Problem("The shop cannot be reached. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(answer.error ?? "Something went wrong. Please try again.");
  return answer;
}
