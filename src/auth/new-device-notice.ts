import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { Outbox } from '../mail/outbox.js';
import { deviceOf } from '../sessions/device.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { MailBudget } from '../throttle/mail-budget.js';
import type { UserRecord } from '../users/user.entity.js';
import type { SignIn } from './sign-in.js';

/** Tells a user of a sign-in from a device that the account has not seen before (ASVS 6.3.5), if `NEW_DEVICE_NOTICE` is on. */
@Injectable()
export class NewDeviceNotice {
  constructor(
    private readonly sessions: SessionsService,
    private readonly outbox: Outbox,
    private readonly budget: MailBudget,
    @Inject(ENV) private readonly env: Pick<Env, 'NEW_DEVICE_NOTICE'>,
  ) {}

  /**
   * Before the session of the sign-in is started. The first sign-in of an account is nobody's surprise, and an address that
   * nobody has confirmed may belong to a stranger: it is not written to. When the mails of an hour are used up one more says so.
   */
  async write(em: EntityManager, user: UserRecord, { client, deviceId, formerLoginAt }: SignIn): Promise<void> {
    if (!this.env.NEW_DEVICE_NOTICE || deviceId !== undefined || !formerLoginAt || !user.emailVerified) return;
    if (await this.sessions.hasSeen(em, user, client)) return;
    const { id: userId, email: recipient } = user;
    const mail = { recipient, userId, locale: user.locale ?? client.locale };
    const standing = await this.budget.spend('new-device', recipient);
    if (standing === 'beyond') return;
    const facts = { device: deviceOf(client.userAgent), ipAddress: client.ipAddress };
    if (standing === 'within') this.outbox.write(em, { template: 'new-device', ...mail, facts });
    else this.outbox.write(em, { template: 'more-devices', ...mail });
  }
}
