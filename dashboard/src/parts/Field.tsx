import { type ComponentPropsWithoutRef, useId } from "react";

type FieldProps = Omit<ComponentPropsWithoutRef<"input">, "id"> & { label: string };

/** A labelled input. The browser's own: macaw-ui's has a role that there is not. */
export function Field({ label, ...input }: FieldProps) {
  const id = useId();
  return (
    <span className="desk-choice">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...input} />
    </span>
  );
}
