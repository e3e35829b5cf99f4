import {
  createContext,
  type SubmitEvent,
  type InputHTMLAttributes,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { WORDS_FOR_EMPTY, wordsForField } from '../words';
import { Outcome } from './Outcome';
import { type ActionState, useAction } from './useAction';

/** What is wrong with fields, by their names. */
type Wrong = ReadonlyMap<string, string>;

const NOTHING: Wrong = new Map();
const WrongFields = createContext(NOTHING);

/** Said in the same way as a refusal of the server. */
const INCOMPLETE: ActionState = { status: 'failed', failure: { code: 'BAD_USER_INPUT', action: 'FIX_INPUT' } };

interface FormProps {
  /** What the button says. */
  readonly submit: string;
  /** Gets the values by the names of the fields. What it returns is shown when it is text. */
  readonly onSubmit: (value: (name: string) => string) => Promise<unknown>;
  readonly children?: ReactNode;
  readonly danger?: boolean;
}

/**
 * Fields, a button, and what came of it. A failure moves the focus to what has to be changed. Nothing is sent while a field is
 * empty that has to be filled in.
 */
export function Form({ submit, onSubmit, children, danger = false }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [empty, setEmpty] = useState(NOTHING);
  const [action, run] = useAction(async (data: FormData) => {
    const result = await onSubmit((name) => (data.get(name) as string | null) ?? '');
    form.current?.reset();
    return result;
  });

  const state = empty.size > 0 ? INCOMPLETE : action;

  useEffect(() => {
    if (state.status === 'failed')
      form.current?.querySelector<HTMLElement>('[aria-invalid=true], [role=alert]')?.focus();
  }, [state, empty]);

  function handleSubmit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const found = emptyFields(event.currentTarget);
    setEmpty(found);
    if (found.size === 0) void run(new FormData(event.currentTarget));
  }

  return (
    <WrongFields value={empty.size > 0 ? empty : refusedFields(action)}>
      <form ref={form} onSubmit={handleSubmit} noValidate aria-busy={action.status === 'pending'}>
        {children}
        <Outcome state={state} />
        <button type="submit" className={danger ? 'danger' : 'primary'} aria-disabled={action.status === 'pending'}>
          {submit}
        </button>
      </form>
    </WrongFields>
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
  const wrong = useContext(WrongFields).get(input.name);
  const described = [hint && `${id}-hint`, wrong && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={wrong !== undefined} aria-describedby={described || undefined} {...input} />
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {wrong && (
        <p id={`${id}-error`} className="error">
          {wrong}
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
function refusedFields(state: ActionState): Wrong {
  const fields = state.status === 'failed' ? (state.failure.fields ?? []) : [];
  const names = fields.map(({ path }) => path.split('.').at(-1) ?? path);
  return new Map(names.map((name) => [name, wordsForField(name)]));
}

/** The fields that are `required` and empty. */
function emptyFields(form: HTMLFormElement): Wrong {
  const inputs = [...form.querySelectorAll('input')].filter(({ validity }) => validity.valueMissing);
  return new Map(inputs.map(({ name }) => [name, WORDS_FOR_EMPTY]));
}
