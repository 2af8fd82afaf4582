import { Box, Button, Text } from "@saleor/macaw-ui";

import { ApiError } from "../api";

/** Refusals of something to look at that stay the same however often it is tried. */
const LASTING: readonly string[] = [
  "BAD_INPUT",
  "COVER_NOT_FOUND",
  "CANCELLATION_NOT_FOUND",
  "PERMISSION_DENIED",
];

/** The sentence of what went wrong, and a button where trying again may help. */
export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  const isSignedOut = error instanceof ApiError && error.isSignedOut;
  if (retry && error instanceof ApiError && LASTING.includes(error.code)) {
    return (
      <Text as="p" display="block" role="status">
        {error.message}
      </Text>
    );
  }
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
