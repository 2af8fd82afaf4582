import { actions } from "@saleor/app-sdk/app-bridge";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { unwrapped } from "../api";
import { CASE, COVER_STATUS } from "../documents";
import type { InsuranceCaseAction, InsuranceCoverStatus } from "../gql/graphql";
import { useSession } from "../session";
import { type Case, LAST_WORDS } from "./actions";

const LOOKS_AGAIN_MS = 2000;
/** How long it looks by itself what became of a case, before a person has to. */
const LOOKS_FOR_MS = 60_000;

/** Statuses in which XCover is being asked. */
export const UNDER_WAY: readonly (InsuranceCoverStatus | null | undefined)[] = [
  "CONFIRMING",
  "CANCELLING",
];

/** How a case stands after a person acted on it. */
export interface Standing {
  /** Null: it does not wait. */
  waiting: Case | null;
  /** True: it does not wait because XCover is being asked, and may wait again. */
  isUnderWay: boolean;
}

/** What became of a case once a person acted on it. Before, it is as it was listed. */
export function useFollowed(listed: Case) {
  const { ask, bridge, orderId } = useSession();
  const client = useQueryClient();
  const [acted, setActed] = useState<InsuranceCaseAction | null>(null);
  const [turn, setTurn] = useState(0);
  const [isLooking, setLooking] = useState(false);
  const key = ["case", listed.id];
  const found = useQuery({
    queryKey: key,
    queryFn: async (): Promise<Standing> => {
      const waiting = unwrapped((await ask(CASE, { id: listed.id })).insuranceCase).case ?? null;
      if (waiting || !listed.orderId) return { waiting, isUnderWay: false };
      const { insuranceOrder } = await ask(COVER_STATUS, { orderId: listed.orderId });
      return { waiting, isUnderWay: UNDER_WAY.includes(insuranceOrder.order?.cover?.status) };
    },
    enabled: acted !== null,
    // One that waits no longer may wait again once XCover has answered. A hidden page never looks.
    refetchInterval: ({ state }) =>
      isLooking && !(state.data?.waiting === null && acted && LAST_WORDS.includes(acted))
        ? LOOKS_AGAIN_MS
        : false,
  });
  const standing = acted === null ? undefined : found.data;
  useEffect(() => {
    if (!isLooking) return;
    const timer = setTimeout(() => setLooking(false), LOOKS_FOR_MS);
    return () => clearTimeout(timer);
  }, [isLooking, turn]);
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ["case", listed.id] });
  }, [client, listed]); // its list knows something new
  useEffect(() => {
    if (!standing) return;
    // It stands otherwise than before: so may its order, and what else waits.
    void client.invalidateQueries({ queryKey: ["cases"] });
    void client.invalidateQueries({ queryKey: ["order"] });
    if (orderId && !standing.isUnderWay) {
      // The dashboard's own page around the widget; older dashboards refuse.
      bridge?.dispatch(actions.RefreshEntity()).catch(() => undefined);
    }
  }, [client, bridge, orderId, standing]);
  const look = () => {
    setTurn((turns) => turns + 1);
    setLooking(true);
  };
  return {
    waiting: acted ? (standing?.waiting ?? null) : listed,
    outcome: acted && outcomeText(standing, found.error),
    canLookAgain:
      acted !== null && !isLooking && !(standing?.waiting === null && !standing.isUnderWay),
    lookAgain: () => {
      look();
      void found.refetch();
    },
    follow: (action: InsuranceCaseAction) => {
      look();
      setActed(action);
      void client.resetQueries({ queryKey: key });
      void client.invalidateQueries({ queryKey: ["order"] });
    },
  };
}

/** What to say after an action. Only what waits no longer is done: XCover may have refused. */
export function outcomeText(standing: Standing | undefined, error: Error | null): string {
  if (!standing) return error ? "Sent. How it stands now could not be read." : "Sent.";
  if (standing.waiting) return "Sent. This is how it stands now.";
  return standing.isUnderWay ? "Sent. XCover is being asked." : "Done: it waits no longer.";
}
