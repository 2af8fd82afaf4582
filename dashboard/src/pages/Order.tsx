import { actions } from "@saleor/app-sdk/app-bridge";
import { Box, Button, Text } from "@saleor/macaw-ui";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useEffect, useRef, useState } from "react";

import { unwrapped } from "../api";
import { ASK, ORDER, SET_CLAIM } from "../documents";
import type { InsuranceClaim, InsuranceCoverStatus, OrderQuery } from "../gql/graphql";
import { Asked } from "../parts/Asked";
import { CaseCard } from "../parts/CaseCard";
import { Choice } from "../parts/Choice";
import { useDecided } from "../parts/decided";
import { Failed } from "../parts/Failed";
import { UNDER_WAY } from "../parts/followed";
import { Loading } from "../parts/Loading";
import { OutsideLink } from "../parts/OutsideLink";
import { stepText } from "../parts/rules";
import { moneyText, whenText, wordsOf } from "../parts/texts";
import { readWhole } from "../parts/whole";
import { useSession } from "../session";

type Found = NonNullable<OrderQuery["insuranceOrder"]["order"]>;
type Cover = NonNullable<Found["cover"]>;

const STATES: Record<InsuranceCoverStatus, string> = {
  PLACED: "Sold; the order is not paid in full",
  CONFIRMING: "Paid; the policy is being made",
  CONFIRMED: "Insured",
  CANCELLING: "Insured; a cancellation is being looked at",
  CANCELLED: "The policy was cancelled",
  PARKED: "Not insured: it waits for a person",
  VOID: "Not insured",
};
const CLAIMS: Record<InsuranceClaim, string> = {
  UNKNOWN: "Nothing known",
  NONE: "No claim",
  OPEN: "A claim is open",
  PAID: "A claim was paid",
};
/** Statuses in which there is a policy in force. */
const IN_FORCE: readonly (InsuranceCoverStatus | null | undefined)[] = ["CONFIRMED", "CANCELLING"];
const LOOKS_AGAIN_MS = 3000;

/** The protection of one order, beside the order in the dashboard. */
export function Order() {
  const { ask, orderId } = useSession();
  const page = useRef<HTMLDivElement>(null);
  useHeight(page);
  const found = useQuery({
    queryKey: ["order", orderId],
    queryFn: () =>
      readWhole(async () => {
        const { insuranceOrder } = await ask(ORDER, { id: orderId });
        return unwrapped(insuranceOrder).order ?? null;
      }),
    enabled: orderId !== "",
    refetchInterval: ({ state }) =>
      UNDER_WAY.includes(state.data?.cover?.status) ? LOOKS_AGAIN_MS : false,
  });
  return (
    <Box ref={page} padding={4}>
      {!found.data?.cover && <h1 className="desk-hidden">Ticket protection</h1>}
      {orderId === "" && <Text as="p">Open this from an order in the dashboard.</Text>}
      {found.error && <Failed error={found.error} retry={() => void found.refetch()} />}
      {orderId !== "" && found.isPending && <Loading />}
      {found.data && <OfOrder order={found.data} refresh={found.refetch} />}
    </Box>
  );
}

/** Tells the dashboard how high the frame has to be. */
function useHeight(page: RefObject<HTMLDivElement>) {
  const { bridge } = useSession();
  useEffect(() => {
    const shown = page.current;
    if (!bridge || !shown) return;
    const observer = new ResizeObserver(() => {
      const height = Math.ceil(shown.getBoundingClientRect().height);
      if (height > 0) bridge.dispatch(actions.WidgetResize({ height })).catch(() => undefined);
    });
    observer.observe(shown);
    return () => observer.disconnect();
  }, [bridge, page]);
}

function OfOrder({ order, refresh }: { order: Found; refresh: () => Promise<unknown> }) {
  const { cover } = order;
  const { rows, decide } = useDecided(order.cases ?? []);
  return (
    <>
      {cover ? (
        <OfCover order={order} cover={cover} refresh={refresh} />
      ) : (
        <Text as="p" display="block">
          {order.wasOffered
            ? "Bought without protection; it was offered."
            : "Bought without protection; none was offered."}
        </Text>
      )}
      {rows.map((row) => (
        <Box key={row.id} marginTop={4}>
          <CaseCard listed={row} onDecided={() => decide(row.id)} />
        </Box>
      ))}
      <Answers order={order} />
      {cover?.history && <Timeline steps={cover.history} />}
    </>
  );
}

interface OfCoverProps {
  order: Found;
  cover: Cover;
  refresh: () => Promise<unknown>;
}

function OfCover({ order, cover, refresh }: OfCoverProps) {
  const state = useRef<HTMLHeadingElement>(null);
  const isDue = Number(cover.amountDueBack.amount) > 0;
  return (
    <>
      <Text
        as="h1"
        ref={state}
        tabIndex={-1}
        size={5}
        fontWeight="bold"
        display="block"
        marginBottom={2}
      >
        {cover.status ? STATES[cover.status] : "Unknown to this version of the desk"}
      </Text>
      {cover.reason && cover.status !== "PARKED" && (
        <Text as="p" display="block" marginBottom={3}>
          {cover.reason}
        </Text>
      )}
      <dl className="desk-facts">
        {cover.policyNumber && <Fact name="Policy" text={cover.policyNumber} />}
        <Fact name="Premium" text={moneyText(cover.premium)} />
        {(order.products ?? []).map((product) => (
          <Product key={product.title} product={product} />
        ))}
        {isDue && <Fact name="Due back to the buyer" text={moneyText(cover.amountDueBack)} />}
        {cover.coolingOffUntil && IN_FORCE.includes(cover.status) && (
          <Fact name="Refundable until" text={whenText(cover.coolingOffUntil)} />
        )}
      </dl>
      {cover.policyNumber && cover.status !== "CANCELLED" && (
        <PolicyActions
          orderId={order.id}
          cover={cover}
          refresh={refresh}
          onAsked={() => state.current?.focus()}
        />
      )}
    </>
  );
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  );
}

function Product({ product }: { product: NonNullable<Found["products"]>[number] }) {
  const tax = product.tax ? `, of which tax ${moneyText(product.tax)}` : "";
  return (
    <>
      <dt>{product.title || "Product"}</dt>
      <dd>
        {moneyText(product.premium)}
        {tax}
        {product.wordingUrl && (
          <>
            {" · "}
            <OutsideLink href={product.wordingUrl}>Policy wording</OutsideLink>
          </>
        )}
      </dd>
    </>
  );
}

interface PolicyActionsProps {
  orderId: string;
  cover: Cover;
  refresh: () => Promise<unknown>;
  /** Called once XCover is asked; there is nothing to ask then. */
  onAsked: () => void;
}

/** What may be done about a policy although nothing waits. */
function PolicyActions({ orderId, cover, refresh, onAsked }: PolicyActionsProps) {
  const { ask } = useSession();
  return (
    <Box marginTop={4} marginBottom={4}>
      <Claim orderId={orderId} noted={cover.claim ?? "UNKNOWN"} refresh={refresh} />
      {cover.status === "CONFIRMED" && (
        <Box marginTop={3}>
          <Asked
            label="What would cancelling refund?"
            sentence="XCover is asked what cancelling the policy would refund. Nothing is cancelled, but the answer waits for a decision."
            yes="Yes, ask XCover"
            act={async () => {
              unwrapped((await ask(ASK, { orderId })).insuranceAskCancellation);
              await refresh();
            }}
            onDone={onAsked}
          />
        </Box>
      )}
    </Box>
  );
}

interface ClaimProps {
  orderId: string;
  noted: InsuranceClaim;
  refresh: () => Promise<unknown>;
}

/** What is known of a claim: chosen first, then noted. */
function Claim({ orderId, noted, refresh }: ClaimProps) {
  const { ask } = useSession();
  const form = useRef<HTMLFormElement>(null);
  const [chosen, setChosen] = useState<InsuranceClaim | null>(null);
  const noting = useMutation({
    mutationFn: async (claim: InsuranceClaim) => {
      unwrapped((await ask(SET_CLAIM, { orderId, claim })).insuranceSetClaim);
      await refresh();
    },
    onSuccess: () => {
      setChosen(null);
      // The button is disabled now, and would leave the focus nowhere.
      form.current?.querySelector("select")?.focus();
    },
  });
  const isChanged = chosen !== null && chosen !== noted;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isChanged && !noting.isPending) noting.mutate(chosen);
  };
  return (
    <Box as="form" ref={form} onSubmit={submit}>
      <Box className="desk-row">
        <Choice
          label="Insurance claim"
          value={chosen ?? noted}
          options={Object.entries(CLAIMS).map(([value, label]) => ({ value, label }))}
          onChange={(claim) => {
            noting.reset();
            setChosen(claim as InsuranceClaim);
          }}
        />
        <Button type="submit" size="medium" variant="secondary" disabled={!isChanged}>
          Note claim
        </Button>
      </Box>
      <Text as="p" display="block" size={3} aria-live="polite">
        {noting.isSuccess && `Noted: ${CLAIMS[noting.variables].toLowerCase()}.`}
      </Text>
      {noting.error && (
        <Box marginTop={3}>
          <Failed error={noting.error} />
        </Box>
      )}
    </Box>
  );
}

function Answers({ order }: { order: Found }) {
  const answers = order.answers ?? [];
  if (answers.length === 0) return null;
  return (
    <Box marginTop={4}>
      <Text as="h2" size={4} fontWeight="bold" display="block" marginBottom={2}>
        What the buyer saw and said
      </Text>
      <ol className="desk-timeline">
        {answers.map((each) => (
          <li key={each.answeredAt}>
            <time dateTime={each.answeredAt}>{whenText(each.answeredAt)}</time>
            <span>
              {each.answer ? wordsOf(each.answer) : "answered"}:{" "}
              {each.quotes.map((quote) => (
                <span key={quote.title}>
                  {quote.isChosen ? <strong>{quote.title}</strong> : quote.title}{" "}
                  {moneyText(quote.premium)}{" "}
                </span>
              ))}
              ({each.language}, {wordsOf(each.source)}
              {each.shownAt ? `, shown ${whenText(each.shownAt)}` : ""}
              {each.isIntact ? "" : ", the stored text was changed since"})
            </span>
          </li>
        ))}
      </ol>
    </Box>
  );
}

function Timeline({ steps }: { steps: NonNullable<Cover["history"]> }) {
  return (
    <Box marginTop={4}>
      <Text as="h2" size={4} fontWeight="bold" display="block" marginBottom={2}>
        What happened
      </Text>
      <ol className="desk-timeline">
        {steps.map((step) => (
          <li key={`${step.at} ${step.what}`}>
            <time dateTime={step.at}>{whenText(step.at)}</time>
            <span>{stepText(step.what)}</span>
          </li>
        ))}
      </ol>
    </Box>
  );
}
