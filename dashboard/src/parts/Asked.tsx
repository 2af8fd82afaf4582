import { Box, Button, Text } from "@saleor/macaw-ui";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";

import { Failed } from "./Failed";

interface AskedProps {
  /** What the button says. */
  label: string;
  /** What a second press will do. */
  sentence: string;
  /** What the button says that does it, such as "Yes, take it back". */
  yes: string;
  variant?: "secondary" | "tertiary";
  act: () => Promise<unknown>;
  /** Called once it was done; moves the focus to something that is still there. */
  onDone: () => void;
}

/** A button that says what it will do when it is pressed; a second press does it. */
export function Asked({ label, sentence, yes, variant = "secondary", act, onDone }: AskedProps) {
  const [isOpen, setOpen] = useState(false);
  const [isBack, setBack] = useState(false);
  const group = useRef<HTMLDivElement>(null);
  const sentenceId = useId();
  const acting = useMutation({
    mutationFn: act,
    onSuccess: () => {
      setOpen(false);
      onDone();
    },
  });
  useEffect(() => {
    if (isOpen) group.current?.focus();
  }, [isOpen]);
  const show = (next: boolean) => {
    acting.reset();
    setOpen(next);
    setBack(!next);
  };
  if (!isOpen) {
    return (
      <Button
        type="button"
        size="medium"
        variant={variant}
        autoFocus={isBack}
        onClick={() => show(true)}
      >
        {label}
      </Button>
    );
  }
  return (
    <Box
      ref={group}
      role="group"
      tabIndex={-1}
      aria-label={label}
      aria-describedby={sentenceId}
      padding={4}
      borderRadius={3}
      backgroundColor="default2"
    >
      <Text as="p" id={sentenceId} display="block" marginBottom={3}>
        {sentence}
      </Text>
      {acting.error && (
        <Box marginBottom={3}>
          <Failed error={acting.error} />
        </Box>
      )}
      <Box className="desk-row">
        {/* Not disabled meanwhile: a disabled button loses the focus. */}
        <Button
          type="button"
          size="medium"
          aria-disabled={acting.isPending}
          onClick={() => !acting.isPending && acting.mutate()}
        >
          {acting.isPending ? "One moment…" : yes}
        </Button>
        <Button type="button" size="medium" variant="tertiary" onClick={() => show(false)}>
          Back
        </Button>
      </Box>
    </Box>
  );
}
