import type { ReactNode } from 'react';
import { Outcome } from './Outcome';
import { useAction } from './useAction';

interface ActionButtonProps {
  readonly onAct: () => Promise<unknown>;
  readonly children: ReactNode;
  /** What it does to what, where the text alone does not say. */
  readonly label?: string;
  readonly className?: string;
}

/** A button that does something at once, and says so when it could not. */
export function ActionButton({ onAct, children, label, className = 'plain' }: ActionButtonProps) {
  const [state, run] = useAction(onAct);
  return (
    <div className="action">
      <button
        type="button"
        className={className}
        aria-label={label}
        aria-disabled={state.status === 'pending'}
        onClick={() => void run()}
      >
        {children}
      </button>
      <Outcome state={state} />
    </div>
  );
}
