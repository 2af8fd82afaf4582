import { Box, Text } from "@saleor/macaw-ui";
import { useEffect, useState } from "react";

import { Loading } from "./Loading";

const PATIENCE_MS = 3000;

/** Shown until the dashboard has said who is looking; outside of a dashboard nobody does. */
export function NotSignedIn() {
  const [isAlone, setAlone] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setAlone(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isAlone) return <Loading />;
  return (
    <Box padding={6}>
      <Text as="p">
        Open this page from the Saleor dashboard: Fulfillment, then Ticket protection. It signs you
        in with your account there.
      </Text>
    </Box>
  );
}
