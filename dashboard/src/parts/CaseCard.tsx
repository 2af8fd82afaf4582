import { Box, Button, Text } from "@saleor/macaw-ui";
import { useRef, useState } from "react";
import { Link, useSearch } from "wouter";

import type { InsuranceCaseAction, InsuranceCaseKind } from "../gql/graphql";
import { useSession } from "../session";
import { type Case, LABELS, stakeText } from "./actions";
import { ActionForm } from "./ActionForm";
import { useFollowed } from "./followed";
import { OrderLink } from "./OrderLink";
import { agoText, whenText } from "./texts";

export const KINDS: Record<InsuranceCaseKind, string> = {
  POLICY: "No policy yet",
  CANCELLATION: "Refund to judge",
  DUE: "Money due back",
  CHANGE: "Buyer's details",
  CALL: "Stopped message to XCover",
};

interface Chosen {
  possible: NonNullable<Case["actions"]>[number];
  /** The case as the person sees it: its amounts are those that are approved. */
  waiting: Case;
}

interface CaseCardProps {
  listed: Case;
  /** Called when a person decided about it, so that the list does not drop it. */
  onDecided: () => void;
}

/** One case with what may be done about it; afterwards, what became of it. */
export function CaseCard({ listed, onDecided }: CaseCardProps) {
  const followed = useFollowed(listed);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  // The action whose form was left with "Back".
  const [leftOff, setLeftOff] = useState<InsuranceCaseAction | null>(null);
  const outcome = useRef<HTMLDivElement>(null);
  const shown = followed.waiting ?? listed;
  const back = ({ action }: Chosen["possible"]) => {
    const isThere = followed.waiting?.actions?.some((possible) => possible.action === action);
    if (!isThere) outcome.current?.focus();
    setLeftOff(action);
    setChosen(null);
  };
  const done = ({ action }: Chosen["possible"]) => {
    outcome.current?.focus();
    setLeftOff(null);
    setChosen(null);
    onDecided();
    followed.follow(action);
  };
  const lookAgain = () => {
    outcome.current?.focus();
    followed.lookAgain();
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
          {stakeText(shown)}
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
            What XCover said is too old by now: if you cancel the policy, XCover is asked again
            first.
          </Text>
        )}
        {shown.eventRun && <OfRun label={shown.eventRun} />}
      </Box>
      <Box ref={outcome} tabIndex={-1} className="is-wide" aria-live="polite">
        {followed.outcome && <Text fontWeight="bold">{followed.outcome}</Text>}
      </Box>
      {followed.canLookAgain && (
        <Box className="is-wide">
          <Button type="button" size="medium" variant="secondary" onClick={lookAgain}>
            Look again
          </Button>
        </Box>
      )}
      {chosen ? (
        <Box className="is-wide">
          <ActionForm
            {...chosen}
            onBack={() => back(chosen.possible)}
            onDone={() => done(chosen.possible)}
          />
        </Box>
      ) : (
        <Actions waiting={followed.waiting} focusOn={leftOff} onChoose={setChosen} />
      )}
    </Box>
  );
}

interface ActionsProps {
  /** Null: it waits no longer, or that is not known yet. */
  waiting: Case | null;
  /** The action whose form a person left: its button gets the focus back. */
  focusOn: InsuranceCaseAction | null;
  onChoose: (chosen: Chosen) => void;
}

function Actions({ waiting, focusOn, onChoose }: ActionsProps) {
  if (!waiting) return null;
  return (
    <Box className="is-wide desk-row">
      {(waiting.actions ?? []).map((possible) => (
        <Button
          key={possible.action}
          type="button"
          size="medium"
          variant="secondary"
          autoFocus={possible.action === focusOn}
          onClick={() => onChoose({ possible, waiting })}
        >
          {LABELS[possible.action]}
        </Button>
      ))}
    </Box>
  );
}

/** Says that it may be approved with others. The frame beside an order shows no other page. */
function OfRun({ label }: { label: string }) {
  const { orderId } = useSession();
  const search = useSearch();
  return (
    <Text as="p" display="block">
      Belongs to the cancelled event {label}: approve it with the others under{" "}
      {orderId ? (
        "Events"
      ) : (
        <Link href={search ? `/events?${search}` : "/events"} className="desk-link">
          Events
        </Link>
      )}
      .
    </Text>
  );
}
