import { actions } from "@saleor/app-sdk/app-bridge";
import { Box, useTheme } from "@saleor/macaw-ui";
import { lazy, Suspense, useEffect, useRef } from "react";
import { Link, Route, Router, Switch, useLocation, useSearch } from "wouter";

import { deskAddress } from "./api";
import { Cases } from "./pages/Cases";
import { Order } from "./pages/Order";
import { Loading } from "./parts/Loading";
import { NotShown } from "./parts/NotShown";
import { useSession } from "./session";

const Events = lazy(() => import("./pages/Events").then((m) => ({ default: m.Events })));
const Sales = lazy(() => import("./pages/Sales").then((m) => ({ default: m.Sales })));
const Health = lazy(() => import("./pages/Health").then((m) => ({ default: m.Health })));
const Payload = lazy(() => import("./pages/Payload").then((m) => ({ default: m.Payload })));

const PAGES = [
  ["/", "Needs a person"],
  ["/events", "Events"],
  ["/sales", "Sales"],
  ["/health", "Health"],
  ["/payload", "Payload"],
] as const;

/** The whole desk; beside an order only what is about that order. */
export function Desk() {
  useDashboardTheme();
  const base = deskAddress(window.location.href).pathname.replace(/\/$/, "");
  return (
    <Router base={base}>
      <NotShown>
        <Switch>
          <Route path="/order">
            <Order />
          </Route>
          <Route>
            <Pages />
          </Route>
        </Switch>
      </NotShown>
    </Router>
  );
}

function useDashboardTheme() {
  const { theme } = useSession();
  const { setTheme } = useTheme();
  useEffect(() => {
    setTheme(theme === "dark" ? "defaultDark" : "defaultLight");
    document.documentElement.dataset.theme = theme; // what the browser draws by itself
  }, [theme, setTheme]);
}

/** Tells the dashboard which page is open, so that it opens that one when it is loaded again. */
function useDashboardAddress(location: string) {
  const { bridge } = useSession();
  const told = useRef(location);
  useEffect(() => {
    if (!bridge || told.current === location) return;
    told.current = location;
    bridge.dispatch(actions.UpdateRouting({ newRoute: location })).catch(() => undefined);
  }, [bridge, location]);
}

function Pages() {
  const [location] = useLocation();
  useDashboardAddress(location);
  return (
    <Box className="desk-page" padding={6}>
      <Navigation />
      <div>
        <NotShown key={location}>
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/events">
                <Events />
              </Route>
              <Route path="/sales">
                <Sales />
              </Route>
              <Route path="/health">
                <Health />
              </Route>
              <Route path="/payload">
                <Payload />
              </Route>
              <Route>
                <Cases />
              </Route>
            </Switch>
          </Suspense>
        </NotShown>
      </div>
    </Box>
  );
}

function Navigation() {
  const [location] = useLocation();
  const search = useSearch(); // of the dashboard: its theme, for when the page is loaded again
  const here = PAGES.find(([path]) => path !== "/" && path === location)?.[0] ?? "/";
  return (
    <Box as="nav" aria-label="Ticket protection" className="desk-nav" marginBottom={6}>
      {PAGES.map(([path, name]) => (
        <Link
          key={path}
          href={search ? `${path}?${search}` : path}
          className="desk-tab"
          data-name={name}
          aria-current={path === here ? "page" : undefined}
        >
          {name}
        </Link>
      ))}
    </Box>
  );
}
