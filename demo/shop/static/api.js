// The only module that talks to the shop's server.

// A whole request failed; the message is a sentence for the person at the screen.
export class Problem extends Error {}

export async function ask(operation, variables = {}) {
  const root = await send("/api/graphql", { operation, variables });
  // The plugin's refusals are part of its contract: whoever asked for an offer reads them.
  if (root?.errors?.length && !operation.startsWith("insurance")) {
    throw new Problem(root.errors.map((error) => error.message).join(" "));
  }
  return root;
}

export const config = () => send("/api/config");
export const pay = (checkoutId, total) => send("/api/pay", { checkoutId, total });

export const staff = {
  orders: () => send("/api/staff/orders"),
  order: (orderId) => send("/api/staff/order", { orderId }),
  refund: (orderId, amount) => send("/api/staff/refund", { orderId, amount }),
  xcover: () => send("/api/staff/xcover"),
  setXcoverDown: (isDown) => send("/api/staff/xcover", { isDown }),
};

async function send(path, body) {
  const request = body
    ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
    : {};
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
