import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ADMIN_ROLE, USER_ROLE } from '../access/permissions.js';
import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';
import { ENV, type Env } from '../config/env.js';
import { IS_SERVER } from '../config/is-server.js';
import { User } from '../users/user.entity.js';
import { RegistrationService } from './registration.service.js';

const ADDRESS_TAKEN =
  'No administrator was made: the address of ADMIN_EMAIL is taken. A stranger can have signed up with it: `user show` on the ' +
  'command line says whether it is confirmed. If the account is yours, give it the role admin with `role grant`; otherwise ' +
  'delete it with `user delete` and restart, or set another ADMIN_EMAIL.';

/**
 * Makes the first administrator from ADMIN_EMAIL and ADMIN_PASSWORD when a server starts. Only while there is none at all,
 * enabled or not: one who was deleted, renamed or disabled does not come back, with a password of long ago, by a restart.
 */
@Injectable()
export class AdminBootstrap implements OnApplicationBootstrap {
  private readonly logger = new Logger(AdminBootstrap.name);

  constructor(
    private readonly em: EntityManager,
    private readonly registrations: RegistrationService,
    @Inject(ENV) private readonly env: Pick<Env, 'ADMIN_EMAIL' | 'ADMIN_PASSWORD'>,
    @Inject(IS_SERVER) private readonly isServer: boolean,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = this.env;
    if (!this.isServer || !email || !password) return;
    if (await this.isThereOne()) return;
    try {
      await this.registrations.register({ email, password, roles: [ADMIN_ROLE, USER_ROLE], emailVerified: true });
      this.logger.log('Created the administrator named by ADMIN_EMAIL.');
    } catch (error) {
      if (!(error instanceof AppError && error.code === ErrorCode.EMAIL_TAKEN)) throw error;
      // Another instance was a moment faster, or a user has the address: nobody becomes an administrator by that.
      if (!(await this.isThereOne())) this.logger.warn(ADDRESS_TAKEN);
    }
  }

  private async isThereOne(): Promise<boolean> {
    return (await this.em.fork().count(User, { roles: { name: ADMIN_ROLE } })) > 0;
  }
}
