import type { AppBridge, AppBridgeState } from "@saleor/app-sdk/app-bridge";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

import { send } from "./api";
import type { TypedDocumentString } from "./gql/graphql";

interface Handed {
  token: string;
  orderId: string;
}

/** What a dashboard handed over in the body of a POST; the server checked it. */
export function handedOver(page: Document): Handed | null {
  const block = page.getElementById("session");
  return block?.textContent ? (JSON.parse(block.textContent) as Handed) : null;
}

const DASHBOARD = "xcover-desk-dashboard";

/**
 * Keeps who opened the page for when it is loaded again. The bridge believes only the page that
 * the referrer names, and a browser names none when a page of the desk loads itself.
 */
export function rememberDashboard(page: Document): void {
  try {
    const kept = window.sessionStorage.getItem(DASHBOARD);
    if (page.referrer) window.sessionStorage.setItem(DASHBOARD, page.referrer);
    else if (kept) Object.defineProperty(page, "referrer", { configurable: true, value: kept });
  } catch {
    // A browser that keeps nothing: the page says that the dashboard has to be opened again.
  }
}

export interface Session {
  /** Sends an operation as the member of staff. */
  ask: <Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ) => Promise<Result>;
  /** The order the page is about, if the dashboard named one. */
  orderId: string;
  theme: "light" | "dark";
  /** The dashboard around the page; none where it was opened by POST. */
  bridge: AppBridge | null;
}

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession outside of SignedIn");
  return session;
}

interface SignedInProps {
  /** The dashboard around the page, or what it handed over in the body of a POST. */
  from: AppBridge | Handed;
  /** Shown until the dashboard has said who is looking. */
  waiting: ReactNode;
  children: ReactNode;
}

/** Shows its children once the dashboard has said who is looking. */
export function SignedIn({ from, waiting, children }: SignedInProps) {
  if ("token" in from) {
    return <WithToken {...from} theme="light" bridge={null} children={children} />;
  }
  return <WithBridge bridge={from} waiting={waiting} children={children} />;
}

function WithBridge({ bridge, waiting, children }: WithBridgeProps) {
  const { token, theme } = useBridgeState(bridge);
  const orderId = new URLSearchParams(window.location.search).get("orderId") ?? "";
  if (!token) return waiting;
  return <WithToken {...{ token, orderId, theme, bridge, children }} />;
}

interface WithBridgeProps {
  bridge: AppBridge;
  waiting: ReactNode;
  children: ReactNode;
}

/** What the dashboard said last. Its own hook does not notice that a token was renewed. */
function useBridgeState(bridge: AppBridge): AppBridgeState {
  const [state, setState] = useState(() => bridge.getState());
  useEffect(() => {
    const look = () => setState(bridge.getState());
    look();
    const ends = [
      bridge.subscribe("handshake", look),
      bridge.subscribe("tokenRefresh", look),
      bridge.subscribe("theme", look),
    ];
    return () => ends.forEach((end) => end());
  }, [bridge]);
  return state;
}

interface WithTokenProps extends Handed {
  theme: "light" | "dark";
  bridge: AppBridge | null;
  children: ReactNode;
}

function WithToken({ token, orderId, theme, bridge, children }: WithTokenProps) {
  const session = useMemo<Session>(
    () => ({
      ask: (document, variables) => send(token, document, variables),
      orderId,
      theme,
      bridge,
    }),
    [token, orderId, theme, bridge],
  );
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}
