import { Injectable } from '@nestjs/common';
import { type KeyReport, KeyRotation } from '../keys/key-rotation.js';
import { actedBy, Authorities, type Authority, callerOf } from './authority.js';
import { type SigningKey, SigningKeyState } from './signing-key.model.js';

/** Shows and replaces signing keys in an administrator's name. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly keys: KeyRotation,
    private readonly authorities: Authorities,
  ) {}

  async list(): Promise<SigningKey[]> {
    return (await this.keys.list()).map(signingKeyOf);
  }

  /** @throws AppError `CONFLICT` with HS256, whose key is a setting */
  async rotate(authority: Authority): Promise<SigningKey> {
    this.authorities.assertRecentSignIn(authority);
    const { sessionId } = callerOf(authority).principal;
    const by = { ...actedBy(authority), sessionId };
    return signingKeyOf(await this.keys.rotate(false, by, (em) => this.authorities.hold(em, authority)));
  }
}

const STATES: Readonly<Record<KeyReport['phase'], SigningKeyState>> = {
  published: SigningKeyState.PUBLISHED,
  active: SigningKeyState.ACTIVE,
  retiring: SigningKeyState.RETIRING,
  retired: SigningKeyState.RETIRED,
  // To this server it is: it accepts no token of it.
  unopened: SigningKeyState.RETIRED,
};

const signingKeyOf = ({ kid, algorithm, phase, createdAt, activeFrom, retiredAt }: KeyReport): SigningKey => ({
  kid,
  algorithm,
  state: STATES[phase],
  createdAt,
  activeFrom,
  retiredAt,
});
