import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { KeyPhase } from '../keys/key-phase.js';
import { type KeyReport, KeyRotation } from '../keys/key-rotation.js';
import { actedBy, Authorities, type Authority, callerOf } from './authority.js';
import { type SigningKey, SigningKeyState } from './signing-key.model.js';

/** Shows and replaces signing keys in an administrator's name. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly em: EntityManager,
    private readonly keys: KeyRotation,
    private readonly authorities: Authorities,
    private readonly audit: AuditService,
  ) {}

  async list(): Promise<SigningKey[]> {
    return (await this.keys.list()).map(signingKeyOf);
  }

  /** @throws AppError `CONFLICT` with HS256, whose key is a setting */
  async rotate(authority: Authority): Promise<SigningKey> {
    this.authorities.assertRecentSignIn(authority);
    const { sessionId } = callerOf(authority).principal;
    const key = await this.keys.rotate(false, (em) => this.authorities.hold(em, authority));
    const em = this.em.fork();
    this.audit.record(em, 'key.rotated', { ...actedBy(authority), sessionId, details: { kid: key.kid } });
    await em.flush();
    return signingKeyOf(key);
  }
}

const STATES: Readonly<Record<KeyPhase, SigningKeyState>> = {
  published: SigningKeyState.PUBLISHED,
  active: SigningKeyState.ACTIVE,
  retiring: SigningKeyState.RETIRING,
  retired: SigningKeyState.RETIRED,
};

const signingKeyOf = ({ kid, algorithm, phase, createdAt, activeFrom, retiredAt }: KeyReport): SigningKey => ({
  kid,
  algorithm,
  state: STATES[phase],
  createdAt,
  activeFrom,
  retiredAt,
});
