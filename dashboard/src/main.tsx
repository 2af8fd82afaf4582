import "@saleor/macaw-ui/style";
import "./desk.css";

import { AppBridge } from "@saleor/app-sdk/app-bridge";
import { ThemeProvider } from "@saleor/macaw-ui";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { ApiError } from "./api";
import { Desk } from "./Desk";
import { handedOver, rememberDashboard, SignedIn } from "./session";
import { NotSignedIn } from "./parts/NotSignedIn";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.code !== ""),
      refetchOnWindowFocus: true,
    },
  },
});

// Now: the dashboard hands over its token once the page is loaded, whoever listens by then.
rememberDashboard(document);
const from = handedOver(document) ?? new AppBridge();

const isDark = new URLSearchParams(window.location.search).get("theme") === "dark";

const root = document.getElementById("desk");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ThemeProvider defaultTheme={isDark ? "defaultDark" : "defaultLight"}>
        <QueryClientProvider client={client}>
          <SignedIn from={from} waiting={<NotSignedIn />}>
            <Desk />
          </SignedIn>
        </QueryClientProvider>
      </ThemeProvider>
    </StrictMode>,
  );
}
