import { Box, Text } from "@saleor/macaw-ui";
import { type ReactNode, useId } from "react";

/** A framed part of a page with a heading. */
export function Card({ title, children, level = "h2" }: CardProps) {
  const id = useId();
  return (
    <Box
      as="section"
      aria-labelledby={id}
      padding={5}
      marginBottom={5}
      borderRadius={4}
      borderWidth={1}
      borderStyle="solid"
      borderColor="default1"
    >
      <Text as={level} id={id} size={5} fontWeight="bold" display="block" marginBottom={3}>
        {title}
      </Text>
      {children}
    </Box>
  );
}

interface CardProps {
  title: ReactNode;
  children: ReactNode;
  level?: "h1" | "h2" | "h3";
}
