import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '../access/principal.js';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import type { KeyPhase } from '../keys/key-phase.js';
import { type KeyReport, KeyRotation } from '../keys/key-rotation.js';
import { type SigningKey, SigningKeyState } from './signing-key.model.js';

/** Shows and replaces signing keys in an administrator's name. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly em: EntityManager,
    private readonly keys: KeyRotation,
    private readonly audit: AuditService,
  ) {}

  async list(): Promise<SigningKey[]> {
    return (await this.keys.list()).map(signingKeyOf);
  }

  /** @throws AppError `CONFLICT` with HS256, whose key is a setting */
  async rotate(principal: Principal, client: ClientInfo): Promise<SigningKey> {
    const key = await this.keys.rotate();
    const em = this.em.fork();
    const { sessionId } = principal;
    this.audit.record(em, 'key.rotated', { actorId: actorOf(principal), sessionId, client, details: { kid: key.kid } });
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
