import { ValidateBy, type ValidationArguments } from 'class-validator';
import { passwordProblem } from './password-policy.js';

/** The name under which class-validator reports this rule. */
export const ACCEPTABLE_PASSWORD = 'acceptablePassword';

/**
 * Refuses a new password by `passwordProblem`, reading the sibling `email` of the input class if it has one.
 *
 * `PasswordsService.hashNew` is the rule and holds without this; here it lets a form show every problem at once.
 */
export function AcceptablePassword(): PropertyDecorator {
  return ValidateBy({
    name: ACCEPTABLE_PASSWORD,
    validator: {
      validate: (_value: unknown, args?: ValidationArguments) => problemOf(args) === undefined,
      defaultMessage: (args?: ValidationArguments) => problemOf(args) ?? '',
    },
  });
}

function problemOf(args: ValidationArguments | undefined): string | undefined {
  const password: unknown = args?.value;
  if (typeof password !== 'string') return 'The password must be a text.';
  const email: unknown = args && 'email' in args.object ? args.object.email : undefined;
  return passwordProblem(password, typeof email === 'string' ? { email } : {});
}
