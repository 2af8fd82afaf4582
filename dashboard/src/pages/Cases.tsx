import { Box, Button, Text } from "@saleor/macaw-ui";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { unwrapped } from "../api";
import { CASES, CHANNELS } from "../documents";
import type { InsuranceCaseKind } from "../gql/graphql";
import type { Case } from "../parts/actions";
import { CaseCard, KINDS } from "../parts/CaseCard";
import { Choice } from "../parts/Choice";
import { useDecided } from "../parts/decided";
import { Failed } from "../parts/Failed";
import { Field } from "../parts/Field";
import { Loading } from "../parts/Loading";
import { useSession } from "../session";

const DAY_MS = 86_400_000;
const ALL = "all";
const AGES = [
  { value: ALL, label: "Any time" },
  { value: "1", label: "More than a day" },
  { value: "7", label: "More than a week" },
  { value: "30", label: "More than 30 days" },
];

interface Filter {
  kind: string;
  channel: string;
  age: string;
  orderNumber: string;
  event: string;
}

const NO_FILTER: Filter = { kind: ALL, channel: ALL, age: ALL, orderNumber: "", event: "" };

/** What waits for a person, the oldest money first. */
export function Cases() {
  const [filter, setFilter] = useState(NO_FILTER);
  const cases = useCases(filter);
  const pages = cases.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.edges.map(({ node }) => node));
  return (
    <>
      <Text as="h1" size={8} fontWeight="bold" display="block" marginBottom={4}>
        Needs a person
      </Text>
      <Filters
        filter={filter}
        onChange={setFilter}
        counts={pages[0]?.counts ?? []}
        isWaiting={cases.isPending}
      />
      {cases.error && <Failed error={cases.error} retry={() => void cases.refetch()} />}
      {cases.isPending && <Loading />}
      {cases.data && rows.length === 0 && (
        <Text as="p" display="block">
          Nothing waits for a person{filter === NO_FILTER ? "." : " that matches."}
        </Text>
      )}
      <Listed key={JSON.stringify(filter)} fresh={rows} />
      {cases.hasNextPage && (
        <Button
          type="button"
          variant="secondary"
          disabled={cases.isFetchingNextPage}
          onClick={() => void cases.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </>
  );
}

/** What is listed, with the cases that were decided since the filter was chosen. */
function Listed({ fresh }: { fresh: Case[] }) {
  const { rows, decide } = useDecided(fresh);
  return rows.map((row) => (
    <CaseCard key={row.id} listed={row} onDecided={() => decide(row.id)} />
  ));
}

function useCases(filter: Filter) {
  const { ask } = useSession();
  return useInfiniteQuery({
    queryKey: ["cases", filter],
    queryFn: async ({ pageParam }) => {
      const variables = { ...conditionsOf(filter), after: pageParam };
      return unwrapped((await ask(CASES, variables)).insuranceCases);
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ pageInfo }) => (pageInfo.hasNextPage ? pageInfo.endCursor : undefined),
  });
}

function conditionsOf({ kind, channel, age, orderNumber, event }: Filter) {
  return {
    kind: kind === ALL ? null : (kind as InsuranceCaseKind),
    channel: channel === ALL ? null : channel,
    before: age === ALL ? null : new Date(Date.now() - Number(age) * DAY_MS).toISOString(),
    orderNumber: orderNumber || null,
    event: event || null,
  };
}

interface FiltersProps {
  filter: Filter;
  onChange: (filter: Filter) => void;
  counts: { kind: InsuranceCaseKind; count: number }[];
  /** True until there is a list: what is to choose from is read after it. */
  isWaiting: boolean;
}

function Filters({ filter, onChange, counts, isWaiting }: FiltersProps) {
  const { ask } = useSession();
  const channels = useQuery({
    queryKey: ["channels"],
    queryFn: async () => unwrapped((await ask(CHANNELS, {})).insuranceChannels).channels,
    enabled: !isWaiting,
  });
  const [typed, setTyped] = useState({ orderNumber: "", event: "" });
  const kinds = Object.entries(KINDS).map(([value, label]) => {
    const count = counts.find(({ kind }) => kind === value)?.count;
    return { value, label: count === undefined ? label : `${label} (${count})` };
  });
  const search = (event: FormEvent) => {
    event.preventDefault();
    onChange({ ...filter, orderNumber: typed.orderNumber.trim(), event: typed.event.trim() });
  };
  return (
    <Box as="form" role="search" className="desk-row" marginBottom={5} onSubmit={search}>
      <Choice
        label="Kind"
        value={filter.kind}
        options={[{ value: ALL, label: "Every kind" }, ...kinds]}
        onChange={(kind) => onChange({ ...filter, kind: kind })}
      />
      <Choice
        label="Channel"
        value={filter.channel}
        options={[
          { value: ALL, label: "Every channel" },
          ...(channels.data ?? []).map(({ slug }) => ({ value: slug, label: slug })),
        ]}
        onChange={(channel) => onChange({ ...filter, channel: channel })}
      />
      <Choice
        label="Waits"
        value={filter.age}
        options={AGES}
        onChange={(age) => onChange({ ...filter, age: age })}
      />
      <Field
        label="Order number"
        value={typed.orderNumber}
        onChange={(event) => setTyped({ ...typed, orderNumber: event.target.value })}
      />
      <Field
        label="Event (slug or SKU)"
        value={typed.event}
        onChange={(event) => setTyped({ ...typed, event: event.target.value })}
      />
      <Button type="submit" size="medium" variant="secondary">
        Search
      </Button>
    </Box>
  );
}
