import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { unauthenticated } from '../access/access.errors.js';
import { ErrorAction, ErrorReason } from '../common/error-codes.js';
import { isId } from '../common/ids.js';
import { normalizeEmail } from './email.js';
import { User } from './user.entity.js';

const ROW_OF_NOBODY = {
  id: '00000000-0000-7000-8000-000000000000',
  email: 'nobody@localhost',
  email_verified: false,
  password_hash: '$bcrypt-sha256$v=2,t=2b,r=12$'.padEnd(80, '.'),
  version: 1,
  created_at: new Date(0),
};

/** Reads accounts. What changes them lives in `auth/`, together with the sessions that a change ends. */
@Injectable()
export class UsersService {
  constructor(private readonly em: EntityManager) {}

  /** The caller's own account: one statement however many fields ask, and none when the session check has loaded it. */
  async current(id: string): Promise<User> {
    const user = await this.em.getReference(User, id, { wrapped: true }).load({ dataloader: true });
    if (user) return user;
    // It was deleted a moment ago.
    throw unauthenticated(ErrorReason.TOKEN_REVOKED, 'The account no longer exists.', ErrorAction.LOGIN);
  }

  async byId(id: string): Promise<User | null> {
    return isId(id) ? this.em.findOne(User, { id }) : null;
  }

  /** In any letter case. With its roles. */
  async byEmail(email: string): Promise<User | null> {
    return this.em.findOne(User, { email: normalizeEmail(email) }, { populate: ['roles'] });
  }

  /**
   * The account of a normalised address, with its password hash. To make an entity of a row takes time that can be
   * measured, so where there is no row one of nobody's is made and dropped (ASVS 6.3.8). As it is now, also when it was
   * read before.
   */
  async byEmailWithPassword(email: string): Promise<User | null> {
    const user = await this.em.findOne(User, { email }, { populate: ['passwordHash'], refresh: true });
    if (!user) this.em.map(User, ROW_OF_NOBODY);
    return user;
  }
}
