import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { unauthenticated } from '../access/access.errors.js';
import { ErrorAction, ErrorReason } from '../common/error-codes.js';
import { User } from './user.entity.js';

/** Reads accounts. What changes them lives in `auth/`, together with the sessions that a change ends. */
@Injectable()
export class UsersService {
  constructor(private readonly em: EntityManager) {}

  /** The caller's own account. Free after the session check, which has loaded it. */
  async current(id: string): Promise<User> {
    const user = await this.em.findOne(User, id);
    if (user) return user;
    // The session check found the account and it was deleted a moment later.
    throw unauthenticated(ErrorReason.TOKEN_REVOKED, 'The account no longer exists.', ErrorAction.LOGIN);
  }

  /** The account of a normalised address, with its password hash. */
  byEmailWithPassword(email: string): Promise<User | null> {
    return this.em.findOne(User, { email }, { populate: ['passwordHash'] });
  }
}
