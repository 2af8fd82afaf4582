import { Box, Button, Checkbox, Text } from "@saleor/macaw-ui";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";

import { useSession } from "../session";
import { type Case, carryOut, fillable, LABELS, NOTHING_FILLED } from "./actions";
import { Failed } from "./Failed";
import { Field } from "./Field";
import { wordsOf } from "./texts";

type Possible = NonNullable<Case["actions"]>[number];

interface ActionFormProps {
  /** The case as it was when the action was chosen: what is carried out is what was read. */
  waiting: Case;
  possible: Possible;
  onBack: () => void;
  onDone: () => void;
}

/** Says what an action will do, asks for what it needs, and carries it out. */
export function ActionForm({ waiting, possible, onBack, onDone }: ActionFormProps) {
  const session = useSession();
  const [filled, setFilled] = useState(NOTHING_FILLED);
  const effectId = useId();
  const form = useRef<HTMLFormElement>(null);
  const acting = useMutation({
    mutationFn: () => carryOut(session, possible.action, waiting, filled),
    onSuccess: onDone,
  });
  useEffect(() => form.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!acting.isPending) acting.mutate();
  };
  return (
    <Box
      as="form"
      ref={form}
      tabIndex={-1}
      aria-describedby={effectId}
      aria-label={LABELS[possible.action]}
      onSubmit={submit}
      padding={4}
      borderRadius={3}
      backgroundColor="default2"
    >
      <Text as="p" id={effectId} display="block" marginBottom={3}>
        {possible.effect}
      </Text>
      {possible.action === "COMPLETE" && (
        <Box className="desk-row" marginBottom={3}>
          {fillable(waiting).map((name) => (
            <Field
              key={name}
              required
              label={wordsOf(name)}
              type={name === "email" ? "email" : "text"}
              value={filled.details[name] ?? ""}
              onChange={(event) =>
                setFilled({
                  ...filled,
                  details: { ...filled.details, [name]: event.target.value },
                })
              }
            />
          ))}
        </Box>
      )}
      {possible.action === "TAKE_OVER" && (
        <Box marginBottom={3}>
          <Field
            required
            label="Policy number"
            value={filled.policyNumber}
            onChange={(event) => setFilled({ ...filled, policyNumber: event.target.value })}
          />
        </Box>
      )}
      {possible.asksXcoverFirst && possible.action !== "TAKE_OVER" && (
        <Box marginBottom={3}>
          <Checkbox
            required
            checked={filled.askedXcover}
            onCheckedChange={(checked) => setFilled({ ...filled, askedXcover: checked === true })}
          >
            <Text>I asked Cover Genius, and they say so.</Text>
          </Checkbox>
        </Box>
      )}
      {acting.error && (
        <Box marginBottom={3}>
          <Failed error={acting.error} />
        </Box>
      )}
      <Box className="desk-row">
        <Button
          type="submit"
          size="medium"
          variant={possible.isFinal ? "error" : "primary"}
          className={possible.isFinal ? "desk-final" : ""}
          disabled={possible.asksXcoverFirst && !isReady(possible, filled)}
          aria-disabled={acting.isPending}
        >
          {acting.isPending ? "One moment…" : LABELS[possible.action]}
        </Button>
        <Button type="button" size="medium" variant="tertiary" onClick={onBack}>
          Back
        </Button>
      </Box>
    </Box>
  );
}

function isReady(possible: Possible, filled: typeof NOTHING_FILLED): boolean {
  return possible.action === "TAKE_OVER" ? filled.policyNumber !== "" : filled.askedXcover;
}
