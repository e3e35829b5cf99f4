import { type ReactNode, useEffect, useRef } from 'react';
import { NavigationType, useNavigationType } from 'react-router';

interface PageProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** A page of its own, for the title of the window and for screen readers, which are led to its heading. */
export function Page({ title, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasLedHere = useNavigationType() === NavigationType.Push;

  useEffect(() => {
    document.title = `${title} · Latchkey`;
    if (wasLedHere) heading.current?.focus();
  }, [title, wasLedHere]);

  return (
    <main>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
}
