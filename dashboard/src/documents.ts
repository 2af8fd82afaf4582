import { graphql } from "./gql";

export const MoneyParts = graphql(`
  fragment MoneyParts on InsuranceMoney {
    amount
    currency
  }
`);

export const CaseParts = graphql(`
  fragment CaseParts on InsuranceCase {
    id
    kind
    since
    channel
    orderId
    orderNumber
    events
    sentence
    reasonCode
    money {
      ...MoneyParts
    }
    messageId
    isLapsed
    eventRun
    missingDetails
    cancellation {
      id
      rule
      refund {
        ...MoneyParts
      }
      xcoverRefundsBuyer
      confirmBefore
    }
    cover {
      orderId
      status
      policyNumber
      claim
      premium {
        ...MoneyParts
      }
      amountDueBack {
        ...MoneyParts
      }
    }
    actions {
      action
      effect
      asksXcoverFirst
      isFinal
    }
  }
`);

export const CHANNELS = graphql(`
  query Channels {
    insuranceChannels {
      channels {
        slug
        currency
      }
      errors {
        code
        message
      }
    }
  }
`);

export const CASES = graphql(`
  query Cases(
    $kind: InsuranceCaseKind
    $channel: String
    $orderNumber: String
    $event: String
    $before: DateTime
    $after: String
  ) {
    insuranceCases(
      kind: $kind
      channel: $channel
      orderNumber: $orderNumber
      event: $event
      before: $before
      first: 20
      after: $after
    ) {
      edges {
        node {
          ...CaseParts
        }
      }
      counts {
        kind
        count
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      errors {
        code
        message
      }
    }
  }
`);

export const CASE = graphql(`
  query Case($id: ID!) {
    insuranceCase(id: $id) {
      case {
        ...CaseParts
      }
      errors {
        code
        message
      }
    }
  }
`);

export const COVER_STATUS = graphql(`
  query CoverStatus($orderId: ID!) {
    insuranceOrder(orderId: $orderId) {
      order {
        cover {
          status
        }
      }
    }
  }
`);

export const ORDER = graphql(`
  query Order($id: ID!) {
    insuranceOrder(orderId: $id) {
      order {
        id
        number
        wasOffered
        cover {
          status
          reason
          policyNumber
          coolingOffUntil
          claim
          premium {
            ...MoneyParts
          }
          amountDueBack {
            ...MoneyParts
          }
          history {
            at
            what
          }
        }
        products {
          title
          premium {
            ...MoneyParts
          }
          tax {
            ...MoneyParts
          }
          wordingUrl
        }
        answers {
          shownAt
          answeredAt
          answer
          source
          language
          isIntact
          quotes {
            title
            isChosen
            premium {
              ...MoneyParts
            }
          }
        }
        cases {
          ...CaseParts
        }
      }
      errors {
        code
        message
      }
    }
  }
`);

export const APPROVE = graphql(`
  mutation Approve($id: ID!, $refund: InsuranceMoneyInput!) {
    insuranceApproveCancellation(id: $id, refund: $refund) {
      errors {
        code
        message
      }
    }
  }
`);

export const KEEP = graphql(`
  mutation Keep($id: ID!, $askedXcover: Boolean) {
    insuranceKeepPolicy(id: $id, askedXcover: $askedXcover) {
      errors {
        code
        message
      }
    }
  }
`);

export const ASK = graphql(`
  mutation Ask($orderId: ID!) {
    insuranceAskCancellation(orderId: $orderId) {
      errors {
        code
        message
      }
    }
  }
`);

export const RETRY = graphql(`
  mutation Retry($messageId: ID!) {
    insuranceRetry(messageId: $messageId) {
      errors {
        code
        message
      }
    }
  }
`);

export const COMPLETE = graphql(`
  mutation Complete(
    $orderId: ID!
    $firstName: String
    $lastName: String
    $email: String
    $phone: String
  ) {
    insuranceCompletePolicyholder(
      orderId: $orderId
      firstName: $firstName
      lastName: $lastName
      email: $email
      phone: $phone
    ) {
      errors {
        code
        message
      }
    }
  }
`);

export const DO_NOT_MAKE = graphql(`
  mutation DoNotMake($orderId: ID!, $askedXcover: Boolean) {
    insuranceDoNotMakePolicy(orderId: $orderId, askedXcover: $askedXcover) {
      errors {
        code
        message
      }
    }
  }
`);

export const MAKE_AFTER_ALL = graphql(`
  mutation MakeAfterAll($orderId: ID!) {
    insuranceMakePolicyAfterAll(orderId: $orderId) {
      errors {
        code
        message
      }
    }
  }
`);

export const TAKE_OVER = graphql(`
  mutation TakeOver($orderId: ID!, $policyNumber: String!) {
    insuranceTakeOverPolicy(orderId: $orderId, policyNumber: $policyNumber) {
      errors {
        code
        message
      }
    }
  }
`);

export const GIVEN_BACK = graphql(`
  mutation MarkGivenBack($orderId: ID!, $due: InsuranceMoneyInput!) {
    insuranceMarkGivenBack(orderId: $orderId, due: $due) {
      errors {
        code
        message
      }
    }
  }
`);

export const SET_CLAIM = graphql(`
  mutation SetClaim($orderId: ID!, $claim: InsuranceClaim!) {
    insuranceSetClaim(orderId: $orderId, claim: $claim) {
      errors {
        code
        message
      }
    }
  }
`);

export const EVENTS = graphql(`
  query Events($search: String!) {
    insuranceEvents(search: $search) {
      events {
        id
        name
      }
      errors {
        code
        message
      }
    }
  }
`);

export const EVENT = graphql(`
  query Event($product: String!) {
    insuranceEvent(product: $product) {
      performances {
        label
        startsAt
        isCancelled
        variants
        policies
        premiums
        outcomes {
          what
          policies
          refund {
            ...MoneyParts
          }
        }
      }
      errors {
        code
        message
      }
    }
  }
`);

export const EVENT_CHOICE = graphql(`
  query EventChoice($product: String!, $variants: [ID!]!) {
    insuranceEventChoice(product: $product, variants: $variants) {
      choice {
        policies
        premiums
        outcomes {
          what
          policies
          refund {
            ...MoneyParts
          }
        }
      }
      errors {
        code
        message
      }
    }
  }
`);

export const RunParts = graphql(`
  fragment RunParts on InsuranceEventRun {
    id
    change
    status
    label
    startsAt
    policies
    createdAt
    seenAt
    done
    total
    refundable
    refunds
    notice
    outcomes {
      what
      policies
      refund {
        ...MoneyParts
      }
    }
  }
`);

export const RUNS = graphql(`
  query Runs {
    insuranceEventRuns {
      runs {
        id
        change
        status
        label
        createdAt
        policies
      }
      errors {
        code
        message
      }
    }
  }
`);

export const RUN = graphql(`
  query Run($id: ID!) {
    insuranceEventRun(id: $id) {
      run {
        ...RunParts
      }
      errors {
        code
        message
      }
    }
  }
`);

export const RUN_PROGRESS = graphql(`
  query RunProgress($id: ID!) {
    insuranceEventRun(id: $id) {
      run {
        status
        done
        total
      }
      errors {
        code
        message
      }
    }
  }
`);

export const BEGIN_RUN = graphql(`
  mutation BeginRun(
    $product: String!
    $variants: [ID!]!
    $change: InsuranceEventChange!
    $startsAt: DateTime
    $policies: Int!
  ) {
    insuranceBeginEventRun(
      product: $product
      variants: $variants
      change: $change
      startsAt: $startsAt
      policies: $policies
    ) {
      run {
        id
      }
      errors {
        code
        message
      }
    }
  }
`);

export const APPROVE_RUN = graphql(`
  mutation ApproveRun($id: ID!, $policies: Int!, $seenAt: DateTime!) {
    insuranceApproveEventRun(id: $id, policies: $policies, seenAt: $seenAt) {
      errors {
        code
        message
      }
    }
  }
`);

export const WITHDRAW_RUN = graphql(`
  mutation WithdrawRun($id: ID!) {
    insuranceWithdrawEventRun(id: $id) {
      errors {
        code
        message
      }
    }
  }
`);

export const SALES = graphql(`
  query Sales($first: Date!, $last: Date!, $channel: String) {
    insuranceSales(first: $first, last: $last, channel: $channel) {
      markets {
        channel
        currency
        total {
          ...FigureParts
        }
        days {
          day
          figures {
            sold
            declined
            attachRate
            premium {
              ...MoneyParts
            }
          }
        }
      }
      refusals {
        channel
        code
        requests
        why
      }
      errors {
        code
        message
      }
    }
  }

  fragment FigureParts on InsuranceFigures {
    shown
    sold
    declined
    attachRate
    confirmed
    cancelled
    waiting
    premium {
      ...MoneyParts
    }
    tax {
      ...MoneyParts
    }
    dueBack {
      ...MoneyParts
    }
  }
`);

export const SALES_CSV = graphql(`
  query SalesCsv($first: Date!, $last: Date!, $channel: String) {
    insuranceSales(first: $first, last: $last, channel: $channel) {
      csv
      errors {
        code
        message
      }
    }
  }
`);

export const HEALTH = graphql(`
  query Health {
    insuranceHealth {
      alarms {
        code
        subject
        since
        sentence
      }
      findings {
        check
        subject
        severity
        sentence
      }
      errors {
        code
        message
      }
    }
  }
`);

export const PAYLOAD = graphql(`
  query Payload($product: String, $checkoutId: ID, $orderNumber: String, $reveal: Boolean) {
    insurancePayload(
      product: $product
      checkoutId: $checkoutId
      orderNumber: $orderNumber
      reveal: $reveal
    ) {
      previews {
        about
        body
        refusal
        missing {
          path
          name
          why
        }
      }
      errors {
        code
        message
      }
    }
  }
`);
