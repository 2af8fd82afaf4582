import { Box, Button, Checkbox, RadioGroup, Text } from "@saleor/macaw-ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { unwrapped } from "../api";
import { BEGIN_RUN, EVENT, EVENT_CHOICE, EVENTS, RUN, RUNS } from "../documents";
import type { EventQuery, InsuranceEventChange } from "../gql/graphql";
import { Card } from "../parts/Card";
import { Failed } from "../parts/Failed";
import { Field } from "../parts/Field";
import { Loading } from "../parts/Loading";
import { Outcomes, Run } from "../parts/Run";
import { counted, timeZone, whenText } from "../parts/texts";
import { useSession } from "../session";

type Performance = EventQuery["insuranceEvent"]["performances"][number];

const CHANGES: Record<InsuranceEventChange, string> = {
  CANCELLED: "It was cancelled",
  MOVED: "It was moved",
  TAKES_PLACE: "It takes place as it was sold, after all",
};

/** All policies of an event, and what is done when it is cancelled or moved. */
export function Events() {
  const [product, setProduct] = useState("");
  return (
    <>
      <Text as="h1" size={8} fontWeight="bold" display="block" marginBottom={4}>
        Events
      </Text>
      <Search onChoose={setProduct} />
      {product && <Event key={product} product={product} />}
      <Runs />
    </>
  );
}

function Search({ onChoose }: { onChoose: (product: string) => void }) {
  const { ask } = useSession();
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  const found = useQuery({
    queryKey: ["events", search],
    queryFn: async () => unwrapped((await ask(EVENTS, { search })).insuranceEvents).events,
    enabled: search !== "",
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSearch(typed.trim());
  };
  return (
    <Card title="Find an event">
      <Box as="form" role="search" className="desk-row" onSubmit={submit}>
        <Field
          label="Name, slug or SKU"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" size="medium" variant="secondary">
          Search
        </Button>
      </Box>
      {found.error && <Failed error={found.error} />}
      {found.data && (
        <Box as="ul" aria-live="polite" marginTop={3} paddingLeft={4}>
          {found.data.map(({ id, name }) => (
            <li key={id}>
              <button type="button" className="desk-link" onClick={() => onChoose(id)}>
                {name}
              </button>
            </li>
          ))}
          {found.data.length === 0 && <li>No event of that name.</li>}
        </Box>
      )}
    </Card>
  );
}

function Event({ product }: { product: string }) {
  const { ask } = useSession();
  const [chosen, setChosen] = useState<number[]>([]);
  const found = useQuery({
    queryKey: ["event", product],
    queryFn: async () => unwrapped((await ask(EVENT, { product })).insuranceEvent).performances,
  });
  if (found.error) return <Failed error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  const toggle = (index: number) =>
    setChosen(chosen.includes(index) ? chosen.filter((i) => i !== index) : [...chosen, index]);
  const meant = found.data.filter((_, index) => chosen.includes(index));
  return (
    <Card title="Performances">
      {found.data.map((one, index) => (
        <Box key={one.variants.join()} marginBottom={4}>
          <Checkbox checked={chosen.includes(index)} onCheckedChange={() => toggle(index)}>
            <Text>
              {one.label}: {counted(one.policies ?? 0, "policy", "policies")} in force
              {one.policies ? `, premiums ${one.premiums}` : ""}
            </Text>
          </Checkbox>
        </Box>
      ))}
      {meant.length > 0 && <Begin product={product} meant={meant} onBegun={() => setChosen([])} />}
    </Card>
  );
}

interface BeginProps {
  product: string;
  meant: Performance[];
  onBegun: () => void;
}

/** What happened to the event; the number of its policies is typed by hand. */
function Begin({ product, meant, onBegun }: BeginProps) {
  const { ask } = useSession();
  const variants = meant.flatMap((one) => one.variants);
  // The store counts: an order with tickets of several performances has one policy.
  const found = useQuery({
    queryKey: ["event", product, "choice", [...variants].sort()],
    queryFn: async () =>
      unwrapped((await ask(EVENT_CHOICE, { product, variants })).insuranceEventChoice).choice,
  });
  const client = useQueryClient();
  const [change, setChange] = useState<InsuranceEventChange>("CANCELLED");
  const [start, setStart] = useState("");
  const [typed, setTyped] = useState("");
  const beginning = useMutation({
    mutationFn: async () => {
      const startsAt = change === "MOVED" ? new Date(start).toISOString() : null;
      const variables = { product, variants, change, startsAt, policies: Number(typed) };
      return unwrapped((await ask(BEGIN_RUN, variables)).insuranceBeginEventRun);
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["runs"] });
      onBegun();
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["event"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    beginning.mutate();
  };
  if (found.error) return <Failed error={found.error} retry={() => void found.refetch()} />;
  const policies = found.data?.policies;
  if (policies == null) return <Loading />;
  const isTyped = typed.trim() === String(policies);
  const hasStart = change !== "MOVED" || !Number.isNaN(new Date(start).getTime());
  return (
    <Box as="form" onSubmit={submit} padding={4} borderRadius={3} backgroundColor="default2">
      <RadioGroup
        label="What happened?"
        value={change}
        onValueChange={(value) => setChange(value as InsuranceEventChange)}
      >
        {Object.entries(CHANGES).map(([value, label]) => (
          <RadioGroup.Item key={value} id={`change-${value}`} value={value}>
            <Text>{label}</Text>
          </RadioGroup.Item>
        ))}
      </RadioGroup>
      {change === "MOVED" && (
        <Field
          required
          type="datetime-local"
          label={`New start (in your time zone: ${timeZone()})`}
          value={start}
          onChange={(event) => setStart(event.target.value)}
        />
      )}
      <Outcomes rows={found.data?.outcomes ?? []} />
      <Text as="p" display="block" marginTop={3} marginBottom={3}>
        {effectOf(change, policies)}
      </Text>
      <Box className="desk-row">
        <Field
          label={`Type ${policies} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button
          type="submit"
          size="medium"
          disabled={!isTyped || !hasStart || beginning.isPending}
        >
          Begin
        </Button>
      </Box>
      {beginning.error && (
        <Box marginTop={3}>
          <Failed error={beginning.error} />
        </Box>
      )}
    </Box>
  );
}

function effectOf(change: InsuranceEventChange, policies: number): string {
  const them = counted(policies, "policy", "policies");
  switch (change) {
    case "CANCELLED":
      return `XCover is asked what cancelling ${them} would refund. Nothing is cancelled until you approve the sum.`;
    case "MOVED":
      return `${them} in force. Each order gets a note with the new time; no policy is changed.`;
    case "TAKES_PLACE":
      return `${them} in force. Cancellations that wait because of the event are closed; no policy is cancelled for it.`;
  }
}

function Runs() {
  const { ask } = useSession();
  // What a person opened or closed counts until another run is begun.
  const [chosen, setChosen] = useState<{ open: string | null; newest: string } | null>(null);
  const found = useQuery({
    queryKey: ["runs"],
    queryFn: async () => unwrapped((await ask(RUNS, {})).insuranceEventRuns).runs,
  });
  if (found.error) return <Failed error={found.error} retry={() => void found.refetch()} />;
  if (!found.data || found.data.length === 0) return null;
  const newest = found.data[0]?.id ?? "";
  const shown = chosen?.newest === newest ? chosen.open : newest;
  return (
    <Card title="What was begun">
      {found.data.map((run) => (
        <Box key={run.id} marginBottom={4}>
          <button
            type="button"
            className="desk-link"
            aria-expanded={run.id === shown}
            onClick={() => setChosen({ open: run.id === shown ? null : run.id, newest })}
          >
            {whenText(run.createdAt)}: {run.label}
          </button>
          {run.id === shown && <Notice id={run.id} />}
          {run.id === shown && <Run id={run.id} />}
        </Box>
      ))}
    </Card>
  );
}

/** What a run left as it was when it was taken back; `Run` reads the same answer. */
function Notice({ id }: { id: string }) {
  const { ask } = useSession();
  const found = useQuery({
    queryKey: ["run", id],
    queryFn: async () => unwrapped((await ask(RUN, { id })).insuranceEventRun).run,
  });
  if (!found.data?.notice) return null;
  return (
    <Text as="p" display="block" role="status" marginTop={2}>
      {found.data.notice}
    </Text>
  );
}
