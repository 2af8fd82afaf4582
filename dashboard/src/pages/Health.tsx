import { Box, Text } from "@saleor/macaw-ui";
import { useQuery } from "@tanstack/react-query";

import { unwrapped } from "../api";
import { HEALTH } from "../documents";
import type { HealthQuery, InsuranceSeverity } from "../gql/graphql";
import { Card } from "../parts/Card";
import { Failed } from "../parts/Failed";
import { Loading } from "../parts/Loading";
import { Table } from "../parts/Table";
import { whenText, wordsOf } from "../parts/texts";
import { useSession } from "../session";

type Finding = NonNullable<HealthQuery["insuranceHealth"]["findings"]>[number];

const GROUPS: [InsuranceSeverity, string][] = [
  ["PROBLEM", "Problems"],
  ["WARNING", "Warnings"],
  ["SKIPPED", "Not checked"],
  ["FINE", "In order"],
];

/** Alarms and the doctor's findings, with what to do. */
export function Health() {
  const { ask } = useSession();
  const found = useQuery({
    queryKey: ["health"],
    queryFn: async () => unwrapped((await ask(HEALTH, {})).insuranceHealth),
  });
  return (
    <>
      <Text as="h1" size={8} fontWeight="bold" display="block" marginBottom={4}>
        Health
      </Text>
      {found.error && <Failed error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data && (
        <>
          <Alarms rows={found.data.alarms ?? []} />
          {GROUPS.map(([severity, title]) => (
            <Findings
              key={severity}
              title={title}
              rows={(found.data.findings ?? []).filter((each) => each.severity === severity)}
            />
          ))}
        </>
      )}
    </>
  );
}

function Alarms({ rows }: { rows: NonNullable<HealthQuery["insuranceHealth"]["alarms"]> }) {
  return (
    <Card title="Alarms">
      {rows.length === 0 && <Text as="p">No alarm is raised.</Text>}
      {rows.map((alarm) => (
        <Box key={`${alarm.code} ${alarm.subject}`} marginBottom={4}>
          <Text as="h3" fontWeight="bold" display="block">
            {alarm.code ? wordsOf(alarm.code) : "alarm"}
            {alarm.subject && `: ${alarm.subject}`}
          </Text>
          <Text as="p" display="block">
            {alarm.sentence}
          </Text>
          <Text as="p" display="block" size={3}>
            Since {whenText(alarm.since)}
          </Text>
        </Box>
      ))}
    </Card>
  );
}

function Findings({ title, rows }: { title: string; rows: Finding[] }) {
  if (rows.length === 0) return null;
  return (
    <Card title={`${title} (${rows.length})`}>
      <Table
        caption={title}
        rows={rows}
        keyOf={({ check, subject, sentence }) => `${check} ${subject} ${sentence}`}
        columns={[
          { name: "Check", of: ({ check }) => wordsOf(check) },
          { name: "About", of: ({ subject }) => subject },
          { name: "Finding", of: ({ sentence }) => sentence },
        ]}
      />
    </Card>
  );
}
