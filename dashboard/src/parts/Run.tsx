import { Box, Button, Text } from "@saleor/macaw-ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { unwrapped } from "../api";
import { APPROVE_RUN, RUN, RUN_PROGRESS, WITHDRAW_RUN } from "../documents";
import type { InsuranceEventRunStatus, RunPartsFragment } from "../gql/graphql";
import { useSession } from "../session";
import { Asked } from "./Asked";
import { Failed } from "./Failed";
import { Field } from "./Field";
import { Loading } from "./Loading";
import { Table } from "./Table";
import { outcomeText, refundText } from "./outcomes";
import { counted } from "./texts";

type Outcome = NonNullable<RunPartsFragment["outcomes"]>[number];

const STATES: Record<InsuranceEventRunStatus, string> = {
  ASKING: "XCover is being asked.",
  ASKED: "XCover was asked. Look at the sums, then decide.",
  CANCELLING: "The policies are being cancelled.",
  TELLING: "The orders are being told.",
  DONE: "Done.",
  WITHDRAWING: "What waits because of it is being closed.",
  WITHDRAWN: "Taken back: no policy was cancelled.",
};
const UNDER_WAY: (InsuranceEventRunStatus | null | undefined)[] = [
  "ASKING",
  "CANCELLING",
  "TELLING",
  "WITHDRAWING",
];
const LOOKS_AGAIN_MS = 2000;

/** Work in the background: how far it is, what came of it, and what has to be decided. */
export function Run({ id }: { id: string }) {
  const { ask } = useSession();
  const state = useRef<HTMLParagraphElement>(null);
  const found = useQuery({
    queryKey: ["run", id],
    queryFn: async () => unwrapped((await ask(RUN, { id })).insuranceEventRun).run,
  });
  if (found.error) return <Failed error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  const run = found.data;
  return (
    <Box marginTop={2}>
      <Text as="p" ref={state} tabIndex={-1} display="block" aria-live="polite">
        {run.status ? STATES[run.status] : "Unknown to this version of the desk."}
      </Text>
      {UNDER_WAY.includes(run.status) && <Bar run={run} onNext={found.refetch} />}
      <Outcomes rows={run.outcomes ?? []} />
      {run.status === "ASKED" && <Decide run={run} />}
      {(run.status === "ASKING" || run.status === "ASKED") && (
        <Withdraw id={run.id} onDone={() => state.current?.focus()} />
      )}
    </Box>
  );
}

interface BarProps {
  run: RunPartsFragment;
  /** Called when the next stage begins. */
  onNext: () => unknown;
}

/** Looks again and again how far a stage is; what came of each policy is read once it is over. */
function Bar({ run, onNext }: BarProps) {
  const { ask } = useSession();
  const found = useQuery({
    queryKey: ["run progress", run.id, run.status],
    queryFn: async () =>
      unwrapped((await ask(RUN_PROGRESS, { id: run.id })).insuranceEventRun).run,
    refetchInterval: LOOKS_AGAIN_MS,
  });
  const shown = found.data ?? run;
  const isOver = found.data !== undefined && shown.status !== run.status;
  useEffect(() => {
    if (isOver) onNext();
  }, [isOver, onNext]);
  return (
    <label>
      <progress className="desk-progress" value={shown.done ?? 0} max={shown.total || 1} />
      <Text size={3}>
        {shown.done} of {shown.total}
      </Text>
    </label>
  );
}

export function Outcomes({ rows }: { rows: Outcome[] }) {
  if (rows.length === 0) return null;
  return (
    <Table
      caption="Policies by outcome"
      rows={rows}
      keyOf={({ what, refund }) => `${what} ${refund.currency}`}
      columns={[
        { name: "Outcome", of: ({ what }) => outcomeText(what) },
        { name: "Policies", of: ({ policies }) => policies, isNumber: true },
        { name: "Refund from XCover", of: ({ what, refund }) => refundText(what, refund), isNumber: true },
      ]}
    />
  );
}

function Decide({ run }: { run: RunPartsFragment }) {
  const { ask } = useSession();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const count = run.refundable ?? 0;
  const approving = useMutation({
    mutationFn: async () => {
      const variables = { id: run.id, policies: Number(typed), seenAt: run.seenAt };
      return unwrapped((await ask(APPROVE_RUN, variables)).insuranceApproveEventRun);
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["run", run.id] }),
  });
  return (
    <Box
      as="form"
      marginTop={3}
      padding={4}
      borderRadius={3}
      backgroundColor="default2"
      onSubmit={(event: { preventDefault: () => void }) => {
        event.preventDefault();
        approving.mutate();
      }}
    >
      <Text as="p" display="block" marginBottom={3}>
        XCover would refund {run.refunds} to the store for {counted(count, "policy", "policies")},
        and cancels them. It cannot be undone. Others stay in force and wait for a decision each.
      </Text>
      <Box className="desk-row">
        <Field
          label={`Type ${count} to cancel them`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button
          type="submit"
          size="medium"
          variant="error"
          className="desk-final"
          disabled={typed.trim() !== String(count) || approving.isPending}
        >
          Cancel the policies
        </Button>
      </Box>
      {approving.error && (
        <Box marginTop={3}>
          <Failed error={approving.error} />
        </Box>
      )}
    </Box>
  );
}

function Withdraw({ id, onDone }: { id: string; onDone: () => void }) {
  const { ask } = useSession();
  const client = useQueryClient();
  return (
    <Box marginTop={3}>
      <Asked
        label="Take it back"
        sentence="The event counts again as it did before, and refunds that wait because of it are closed. No policy is cancelled."
        yes="Yes, take it back"
        variant="tertiary"
        act={async () => unwrapped((await ask(WITHDRAW_RUN, { id })).insuranceWithdrawEventRun)}
        onDone={() => {
          onDone();
          void client.invalidateQueries({ queryKey: ["run", id] });
        }}
      />
    </Box>
  );
}
