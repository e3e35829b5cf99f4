import { randomBytes } from 'node:crypto';
import type { Answer, Deployment } from './deployment.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';

/** An address that nobody has. */
export const randomAddress = (): string => `doctor-${randomBytes(8).toString('hex')}@example.com`;

/** What a login with a password is sent that nobody has. */
export const wrongCredentials = (email: string) => ({ email, password: 'the wrong password of the doctor' });

/** One try to sign in with it. */
export const guess = (deployment: Deployment, email: string): Promise<Answer> =>
  deployment.graphql(LOGIN, { variables: { input: wrongCredentials(email) } });

/** What a path gets that is none. A frontend on the same host may answer with its one page. */
export const askForNothing = (deployment: Deployment): Promise<Answer> =>
  deployment.request(`/doctor-${randomBytes(8).toString('hex')}`);
