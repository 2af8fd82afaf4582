import { Box, Button, Text } from "@saleor/macaw-ui";

import { ApiError } from "../api";

/** The sentence of what went wrong, and a button where trying again may help. */
export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  const isSignedOut = error instanceof ApiError && error.isSignedOut;
  return (
    <Box role="alert" padding={4} borderRadius={3} backgroundColor="critical1">
      <Text as="p" color="default1">
        {error.message}
      </Text>
      {retry && !isSignedOut && (
        <Button type="button" variant="secondary" size="medium" marginTop={3} onClick={retry}>
          Try again
        </Button>
      )}
    </Box>
  );
}
