import 'reflect-metadata';
import { validateSync } from 'class-validator';
import { AcceptablePassword } from '../../src/passwords/acceptable-password.decorator.js';

class SignupForm {
  email: unknown;

  @AcceptablePassword()
  password: unknown;

  constructor(email: unknown, password: unknown) {
    this.email = email;
    this.password = password;
  }
}

class NewPasswordForm {
  @AcceptablePassword()
  newPassword: unknown;

  constructor(newPassword: unknown) {
    this.newPassword = newPassword;
  }
}

function problems(form: object): unknown {
  return validateSync(form).map(({ property, constraints }) => ({ property, constraints }));
}

describe('@AcceptablePassword()', () => {
  it('accepts what the policy accepts', () => {
    expect(problems(new SignupForm('ada@example.com', 'quartz violin'))).toEqual([]);
    expect(problems(new NewPasswordForm('quartz violin'))).toEqual([]);
  });

  it.each([
    ['common', 'sunshine', 'The password is among the most common ones.'],
    [
      'the sibling e-mail',
      'ada@example.com',
      'The password must differ from the e-mail address and from the name of this service.',
    ],
    ['no text', 12345678, 'The password must be a text.'],
    ['missing', undefined, 'The password must be a text.'],
  ])("reports the policy's message when the password is %s", (_what, password, message) => {
    expect(problems(new SignupForm('ada@example.com', password))).toEqual([
      { property: 'password', constraints: { acceptablePassword: message } },
    ]);
  });

  it('works in a form without e-mail, and with one that is no text', () => {
    expect(problems(new NewPasswordForm('short'))).toEqual([
      { property: 'newPassword', constraints: { acceptablePassword: 'The password must have at least 8 characters.' } },
    ]);
    expect(problems(new SignupForm(['ada@example.com'], 'quartz violin'))).toEqual([]);
  });
});
