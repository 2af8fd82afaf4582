import { actions } from "@saleor/app-sdk/app-bridge";
import { Text } from "@saleor/macaw-ui";

import { useSession } from "../session";

/** The number of an order, which opens it in the dashboard around. */
export function OrderLink({ id, number }: { id: string | null | undefined; number: string }) {
  const { bridge, orderId } = useSession();
  const name = number ? `Order ${number}` : "Order unknown";
  // Beside an order it is that order, which is open already.
  if (!bridge || !id || orderId) return <Text fontWeight="bold">{name}</Text>;
  const to = `/orders/${encodeURIComponent(btoa(`Order:${id}`))}`;
  return (
    <Text fontWeight="bold">
      <button
        type="button"
        className="desk-link"
        onClick={() => void bridge.dispatch(actions.Redirect({ to }))}
      >
        {name}
      </button>
    </Text>
  );
}
