import { Box, Skeleton } from "@saleor/macaw-ui";

export function Loading() {
  return (
    <Box padding={2} role="status" aria-label="Loading">
      <Skeleton height={6} marginBottom={3} />
      <Skeleton height={6} marginBottom={3} />
      <Skeleton height={6} />
    </Box>
  );
}
