import { Box, Button, Text } from "@saleor/macaw-ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { unwrapped } from "../api";
import { CASE } from "../documents";
import type { InsuranceCaseAction, InsuranceCaseKind } from "../gql/graphql";
import { useSession } from "../session";
import { type Case, LABELS } from "./actions";
import { ActionForm } from "./ActionForm";
import { OrderLink } from "./OrderLink";
import { agoText, moneyText, whenText } from "./texts";

export const KINDS: Record<InsuranceCaseKind, string> = {
  POLICY: "No policy yet",
  CANCELLATION: "Refund to judge",
  DUE: "Money due back",
  CHANGE: "Buyer's details",
  CALL: "Stopped call",
};

const LOOKS_AGAIN_MS = 2000;
/** Looks at what became of a case, before a person has to look themselves. */
const LOOKS = 15;

/** One case with what may be done about it; afterwards, what became of it. */
export function CaseCard({ listed }: { listed: Case }) {
  const { waiting, isFollowed, follow } = useFollowed(listed);
  const [chosen, setChosen] = useState<InsuranceCaseAction | null>(null);
  const shown = waiting ?? listed;
  const possible = shown.actions?.find(({ action }) => action === chosen);
  const done = () => {
    setChosen(null);
    follow();
  };
  return (
    <Box
      as="article"
      aria-label={`${KINDS[shown.kind]}, order ${shown.orderNumber || "unknown"}`}
      className="desk-case"
      padding={5}
      marginBottom={4}
      borderRadius={4}
      borderWidth={1}
      borderStyle="solid"
      borderColor="default1"
    >
      <Box>
        <OrderLink id={shown.orderId} number={shown.orderNumber} />
        <Text display="block" size={3}>
          {KINDS[shown.kind]} · {shown.channel}
          {shown.events.length > 0 && ` · ${shown.events.join(", ")}`}
        </Text>
      </Box>
      <Box>
        <Text display="block" fontWeight="bold" className="is-number">
          {moneyText(shown.money)}
        </Text>
        <Text display="block" size={3}>
          <time dateTime={shown.since} title={whenText(shown.since)}>
            {agoText(shown.since, new Date())}
          </time>
        </Text>
      </Box>
      <Box className="is-wide">
        <Text as="p" display="block">
          {shown.sentence}
        </Text>
        {shown.isLapsed && (
          <Text as="p" display="block" size={3}>
            XCover's preview has lapsed; an approval asks for it again first.
          </Text>
        )}
      </Box>
      <Box className="is-wide" aria-live="polite">
        {isFollowed && waiting === null && <Text fontWeight="bold">Done: it waits no longer.</Text>}
        {isFollowed && waiting && <Text fontWeight="bold">Done. This is how it stands now.</Text>}
      </Box>
      {waiting !== null && (
        <Box className="is-wide">
          {possible ? (
            <ActionForm
              key={possible.action}
              waiting={shown}
              possible={possible}
              onBack={() => setChosen(null)}
              onDone={done}
            />
          ) : (
            <Box className="desk-row">
              {(shown.actions ?? []).map(({ action }) => (
                <Button
                  key={action}
                  type="button"
                  size="medium"
                  variant="secondary"
                  onClick={() => setChosen(action)}
                >
                  {LABELS[action]}
                </Button>
              ))}
            </Box>
          )}
        </Box>
      )}
    </Box>
  );
}

/** The case as it is by now: null once it waits no longer. */
function useFollowed(listed: Case) {
  const { ask } = useSession();
  const client = useQueryClient();
  const [isFollowed, setFollowed] = useState(false);
  const found = useQuery({
    queryKey: ["case", listed.id],
    queryFn: async () => unwrapped((await ask(CASE, { id: listed.id })).insuranceCase).case ?? null,
    enabled: isFollowed,
    refetchInterval: ({ state }) =>
      state.data && state.dataUpdateCount < LOOKS ? LOOKS_AGAIN_MS : false,
  });
  return {
    waiting: isFollowed && found.data !== undefined ? found.data : listed,
    isFollowed: isFollowed && found.data !== undefined,
    follow: () => {
      setFollowed(true);
      void client.invalidateQueries({ queryKey: ["case", listed.id] });
      void client.invalidateQueries({ queryKey: ["order"] });
    },
  };
}
