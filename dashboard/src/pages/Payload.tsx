import { Box, Button, Checkbox, Text } from "@saleor/macaw-ui";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { unwrapped } from "../api";
import { PAYLOAD } from "../documents";
import type { PayloadQuery } from "../gql/graphql";
import { Card } from "../parts/Card";
import { Choice } from "../parts/Choice";
import { Failed } from "../parts/Failed";
import { Field } from "../parts/Field";
import { Loading } from "../parts/Loading";
import { Table } from "../parts/Table";
import { useSession } from "../session";

type Preview = PayloadQuery["insurancePayload"]["previews"][number];

const KINDS = [
  { value: "product", label: "A product (slug or SKU)" },
  { value: "checkoutId", label: "A checkout (id)" },
  { value: "orderNumber", label: "An order (number)" },
];

interface Asked {
  kind: string;
  text: string;
  reveal: boolean;
}

/** What would be sent to XCover, and what is missing from it. */
export function Payload() {
  const { ask } = useSession();
  const [typed, setTyped] = useState<Asked>({ kind: "product", text: "", reveal: false });
  const [asked, setAsked] = useState<Asked | null>(null);
  const found = useQuery({
    queryKey: ["payload", asked],
    queryFn: async () => {
      const { kind, text, reveal } = asked as Asked;
      return unwrapped((await ask(PAYLOAD, { [kind]: text, reveal })).insurancePayload).previews;
    },
    enabled: asked !== null,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked({ ...typed, text: typed.text.trim() });
  };
  return (
    <>
      <Text as="h1" size={8} fontWeight="bold" display="block" marginBottom={2}>
        Payload
      </Text>
      <Text as="p" display="block" marginBottom={4}>
        What would be sent to XCover. Nothing is sent from here.
      </Text>
      <Box as="form" className="desk-row" marginBottom={5} onSubmit={submit}>
        <Choice
          label="About"
          value={typed.kind}
          options={KINDS}
          onChange={(kind) => setTyped({ ...typed, kind: kind })}
        />
        <Field
          required
          label="Which one"
          value={typed.text}
          onChange={(event) => setTyped({ ...typed, text: event.target.value })}
        />
        {typed.kind === "orderNumber" && (
          <Checkbox
            checked={typed.reveal}
            onCheckedChange={(checked) => setTyped({ ...typed, reveal: checked === true })}
          >
            <Text>With personal data</Text>
          </Checkbox>
        )}
        <Button type="submit" size="medium" variant="secondary">
          Show
        </Button>
      </Box>
      {found.error && <Failed error={found.error} />}
      {asked !== null && found.isPending && <Loading />}
      {found.data?.map((preview) => (
        <Shown key={preview.about} preview={preview} />
      ))}
    </>
  );
}

function Shown({ preview }: { preview: Preview }) {
  const { about, body, missing, refusal } = preview;
  return (
    <Card title={about}>
      {refusal && <Text as="p">No offer: {refusal}</Text>}
      {!refusal && missing.length === 0 && <Text as="p">Complete.</Text>}
      {missing.length > 0 && (
        <Table
          caption="Missing, so that nothing is sent"
          rows={missing}
          keyOf={({ path }) => path}
          columns={[
            { name: "Missing", of: ({ path }) => path },
            { name: "From", of: ({ name }) => name },
            { name: "Why", of: ({ why }) => why },
          ]}
        />
      )}
      {body && (
        <pre className="desk-pre" tabIndex={0}>
          {body}
        </pre>
      )}
    </Card>
  );
}
