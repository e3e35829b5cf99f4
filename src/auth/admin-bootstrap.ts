import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ADMIN_ROLE, USER_ROLE } from '../access/permissions.js';
import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';
import { ENV, type Env } from '../config/env.js';
import { User } from '../users/user.entity.js';
import { RegistrationService } from './registration.service.js';

/**
 * Makes the first administrator from ADMIN_EMAIL and ADMIN_PASSWORD. Only while there is none at all, enabled or not: one who
 * was deleted, renamed or disabled does not come back, with a password of long ago, by a restart.
 */
@Injectable()
export class AdminBootstrap implements OnApplicationBootstrap {
  constructor(
    private readonly em: EntityManager,
    private readonly registrations: RegistrationService,
    @Inject(ENV) private readonly env: Pick<Env, 'ADMIN_EMAIL' | 'ADMIN_PASSWORD'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = this.env;
    if (!email || !password) return;
    if ((await this.em.fork().count(User, { roles: { name: ADMIN_ROLE } })) > 0) return;
    try {
      await this.registrations.register({ email, password, roles: [ADMIN_ROLE, USER_ROLE], emailVerified: true });
      new Logger(AdminBootstrap.name).log('Created the administrator named by ADMIN_EMAIL.');
    } catch (error) {
      // Another instance was a moment faster, or a user has the address: nobody becomes an administrator by that.
      if (!(error instanceof AppError && error.code === ErrorCode.EMAIL_TAKEN)) throw error;
    }
  }
}
