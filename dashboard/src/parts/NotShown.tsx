import { Box, Button, Text } from "@saleor/macaw-ui";
import { Component, type ReactNode } from "react";

interface NotShownProps {
  children: ReactNode;
}

/**
 * Shows its children, or a sentence where they fail. A page whose file is gone, because the store
 * was upgraded under an open tab, is there again once the desk is loaded again.
 */
export class NotShown extends Component<NotShownProps, { hasFailed: boolean }> {
  state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <Box role="alert" padding={4} borderRadius={3} backgroundColor="critical1">
        <Text as="h1" size={5} fontWeight="bold" color="default1" display="block" marginBottom={2}>
          This page could not be loaded.
        </Text>
        <Text as="p" color="default1">
          That happens when the store was upgraded while the desk was open. Load it again.
        </Text>
        <Button
          type="button"
          variant="secondary"
          size="medium"
          marginTop={3}
          onClick={() => window.location.reload()}
        >
          Load again
        </Button>
      </Box>
    );
  }
}
