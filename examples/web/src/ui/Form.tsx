import {
  createContext,
  type SubmitEvent,
  type InputHTMLAttributes,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useRef,
} from 'react';
import { wordsForField } from '../words';
import { Outcome } from './Outcome';
import { type ActionState, useAction } from './useAction';

const Refused = createContext<ReadonlySet<string>>(new Set());

interface FormProps {
  /** What the button says. */
  readonly submit: string;
  /** Gets the values by the names of the fields. What it returns is shown when it is text. */
  readonly onSubmit: (value: (name: string) => string) => Promise<unknown>;
  readonly children?: ReactNode;
  readonly danger?: boolean;
}

/** Fields, a button, and what came of it. A failure moves the focus to what has to be changed. */
export function Form({ submit, onSubmit, children, danger = false }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [state, run] = useAction(async (data: FormData) => {
    const result = await onSubmit((name) => (data.get(name) as string | null) ?? '');
    form.current?.reset();
    return result;
  });

  useEffect(() => {
    if (state.status === 'failed')
      form.current?.querySelector<HTMLElement>('[aria-invalid=true], [role=alert]')?.focus();
  }, [state]);

  function handleSubmit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    void run(new FormData(event.currentTarget));
  }

  return (
    <Refused value={refusedFields(state)}>
      <form ref={form} onSubmit={handleSubmit} noValidate aria-busy={state.status === 'pending'}>
        {children}
        <Outcome state={state} />
        <button type="submit" className={danger ? 'danger' : 'primary'} aria-disabled={state.status === 'pending'}>
          {submit}
        </button>
      </form>
    </Refused>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
}

/** One input with its label, its hint, and what is wrong with it. */
export function Field({ label, hint, ...input }: FieldProps) {
  const id = useId();
  const isRefused = useContext(Refused).has(input.name);
  const described = [hint && `${id}-hint`, isRefused && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={isRefused} aria-describedby={described || undefined} {...input} />
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {isRefused && (
        <p id={`${id}-error`} className="error">
          {wordsForField(input.name)}
        </p>
      )}
    </div>
  );
}

/** Tells a password manager whose password it is. */
export const Username = ({ email }: { readonly email: string }) => (
  <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
);

/** The fields that the server has named, by their own names: `input.email` is the field `email`. */
function refusedFields(state: ActionState): ReadonlySet<string> {
  const fields = state.status === 'failed' ? (state.failure.fields ?? []) : [];
  return new Set(fields.map(({ path }) => path.split('.').at(-1) ?? path));
}
