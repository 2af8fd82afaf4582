import { actions } from "@saleor/app-sdk/app-bridge";
import type { MouseEvent, ReactNode } from "react";

import { useSession } from "../session";

interface OutsideLinkProps {
  href: string;
  children: ReactNode;
}

/**
 * A link to another site in a tab of its own. The dashboard opens it: a tab that its sandboxed
 * frame opens is sandboxed as well, and Chromium shows no PDF there.
 */
export function OutsideLink({ href, children }: OutsideLinkProps) {
  const { bridge } = useSession();
  const open = (event: MouseEvent) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!bridge || !isPlain) return;
    event.preventDefault();
    bridge.dispatch(actions.Redirect({ to: href, newContext: true })).catch(() => {
      window.open(href, "_blank", "noreferrer,noopener");
    });
  };
  return (
    <a href={href} target="_blank" rel="noreferrer noopener" onClick={open}>
      {children}
    </a>
  );
}
