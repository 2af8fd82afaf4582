import { Box, Button, Text } from "@saleor/macaw-ui";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { unwrapped } from "../api";
import { CHANNELS, SALES, SALES_CSV } from "../documents";
import type { SalesQuery } from "../gql/graphql";
import { Card } from "../parts/Card";
import { Choice } from "../parts/Choice";
import { Failed } from "../parts/Failed";
import { Field } from "../parts/Field";
import { Loading } from "../parts/Loading";
import { type Period, periodOf, PRESETS, remember, remembered } from "../parts/period";
import { type Line, Plot } from "../parts/Plot";
import { Table } from "../parts/Table";
import { counted, moneyText, percentText, wordsOf } from "../parts/texts";
import { useSession } from "../session";

type Market = SalesQuery["insuranceSales"]["markets"][number];
type Refusals = SalesQuery["insuranceSales"]["refusals"][number];

const ALL = "all";

/** What was offered, sold and declined, by day and channel. */
export function Sales() {
  const { ask } = useSession();
  const [period, setPeriod] = useState(() => remembered(new Date()));
  const [channel, setChannel] = useState(ALL);
  const chosen = {
    first: period.first,
    last: period.last,
    channel: channel === ALL ? null : channel,
  };
  const found = useQuery({
    queryKey: ["sales", chosen],
    queryFn: async () => unwrapped((await ask(SALES, chosen)).insuranceSales),
    placeholderData: (before) => before,
  });
  const choose = (next: Period) => {
    remember(next);
    setPeriod(next);
  };
  return (
    <>
      <Text as="h1" size={8} fontWeight="bold" display="block" marginBottom={4}>
        Sales
      </Text>
      <Box className="desk-row" marginBottom={5}>
        <PeriodPicker period={period} onChange={choose} />
        <ChannelPicker channel={channel} onChange={setChannel} />
        <Download chosen={chosen} />
      </Box>
      {found.error && <Failed error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data?.markets.length === 0 && <Text as="p">Nothing was offered in this time.</Text>}
      {found.data?.markets.map((market) => (
        <OfMarket key={`${market.channel} ${market.currency}`} market={market} />
      ))}
      {found.data && found.data.refusals.length > 0 && <NoOffer rows={found.data.refusals} />}
    </>
  );
}

function PeriodPicker({ period, onChange }: { period: Period; onChange: (next: Period) => void }) {
  return (
    <>
      <Choice
        label="Period"
        value={period.preset}
        options={PRESETS.map(({ value, label }) => ({ value, label }))}
        onChange={(preset) => onChange(periodOf(preset, period, new Date()))}
      />
      <Field
        type="date"
        label="First day"
        value={period.first}
        max={period.last}
        onChange={({ target }) =>
          target.value && onChange({ ...period, preset: "own", first: target.value })
        }
      />
      <Field
        type="date"
        label="Last day"
        value={period.last}
        min={period.first}
        onChange={({ target }) =>
          target.value && onChange({ ...period, preset: "own", last: target.value })
        }
      />
    </>
  );
}

function ChannelPicker({ channel, onChange }: { channel: string; onChange: (next: string) => void }) {
  const { ask } = useSession();
  const channels = useQuery({
    queryKey: ["channels"],
    queryFn: async () => unwrapped((await ask(CHANNELS, {})).insuranceChannels).channels,
  });
  return (
    <Choice
      label="Channel"
      value={channel}
      options={[
        { value: ALL, label: "Every channel" },
        ...(channels.data ?? []).map(({ slug }) => ({ value: slug, label: slug })),
      ]}
      onChange={onChange}
    />
  );
}

interface Chosen {
  first: string;
  last: string;
  channel: string | null;
}

function Download({ chosen }: { chosen: Chosen }) {
  const { ask } = useSession();
  const loading = useMutation({
    mutationFn: async () => unwrapped((await ask(SALES_CSV, chosen)).insuranceSales).csv ?? "",
    onSuccess: (csv) => save(csv, `ticket-protection-${chosen.first}-${chosen.last}.csv`),
  });
  return (
    <>
      <Button
        type="button"
        size="medium"
        variant="secondary"
        disabled={loading.isPending}
        onClick={() => loading.mutate()}
      >
        Download CSV
      </Button>
      {loading.error && <Failed error={loading.error} />}
    </>
  );
}

function save(csv: string, name: string) {
  const address = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

function OfMarket({ market }: { market: Market }) {
  const { total, currency, channel } = market;
  const days = useMemo(() => market.days.map(({ day }) => day), [market]);
  const orders = useMemo(() => ordersOf(market), [market]);
  const premiums = useMemo(() => premiumsOf(market), [market]);
  return (
    <Card title={`${channel}, ${currency}`}>
      <dl className="desk-facts">
        <dt>Offers shown</dt>
        <dd>{total.shown}</dd>
        <dt>Orders with protection</dt>
        <dd>
          {total.sold} of {total.sold + total.declined}
          {total.attachRate && `, attach rate ${percentText(total.attachRate)}`}
        </dd>
        <dt>Premium</dt>
        <dd>
          {moneyText(total.premium)}, of which tax {moneyText(total.tax)}
        </dd>
        <dt>Insured now</dt>
        <dd>
          {counted(total.confirmed, "policy", "policies")};{" "}
          {counted(total.waiting, "waits", "wait")},{" "}
          {total.cancelled} cancelled
        </dd>
        <dt>Due back to buyers</dt>
        <dd>{moneyText(total.dueBack)}</dd>
      </dl>
      <Plot label={`Orders by day in ${channel}`} days={days} lines={orders} />
      <Plot label={`Premium by day in ${channel}`} days={days} lines={premiums} />
      <Days market={market} />
    </Card>
  );
}

function ordersOf({ days }: Market): Line[] {
  return [
    { name: "with protection", values: days.map(({ figures }) => figures.sold) },
    { name: "without", values: days.map(({ figures }) => figures.declined) },
  ];
}

function premiumsOf({ days, currency }: Market): Line[] {
  // Only where a point is drawn; the table has the exact amounts.
  const values = days.map(({ figures }) => Number(figures.premium.amount));
  return [{ name: `premium, ${currency}`, values }];
}

/** The days on which anything was ordered, for who would rather read. */
function Days({ market }: { market: Market }) {
  const busy = market.days.filter(({ figures }) => figures.sold + figures.declined > 0);
  if (busy.length === 0) return null;
  return (
    <details>
      <summary>The same as a table</summary>
      <Table
        caption={`Days in ${market.channel}`}
        rows={busy}
        keyOf={({ day }) => day}
        columns={[
          { name: "Day (UTC)", of: ({ day }) => day },
          { name: "With", of: ({ figures }) => figures.sold, isNumber: true },
          { name: "Without", of: ({ figures }) => figures.declined, isNumber: true },
          { name: "Rate", of: ({ figures }) => percentText(figures.attachRate), isNumber: true },
          { name: "Premium", of: ({ figures }) => moneyText(figures.premium), isNumber: true },
        ]}
      />
    </details>
  );
}

function NoOffer({ rows }: { rows: Refusals[] }) {
  return (
    <Card title="Why no offer">
      <Table
        caption="Requests that got no offer"
        rows={rows}
        keyOf={({ channel, code }) => `${channel} ${code}`}
        columns={[
          { name: "Channel", of: ({ channel }) => channel },
          { name: "Requests", of: ({ requests }) => requests, isNumber: true },
          { name: "Why", of: ({ why, code }) => why || wordsOf(code) },
        ]}
      />
    </Card>
  );
}
