import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-info.js';
import { ENV, type Env } from '../config/env.js';
import { Outbox } from '../mail/outbox.js';
import { deviceOf } from '../sessions/device.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { UserRecord } from '../users/user.entity.js';

/** Tells a user of a sign-in from a device that the account has not seen before (ASVS 6.3.5), if `NEW_DEVICE_NOTICE` is on. */
@Injectable()
export class NewDeviceNotice {
  constructor(
    private readonly sessions: SessionsService,
    private readonly outbox: Outbox,
    @Inject(ENV) private readonly env: Pick<Env, 'NEW_DEVICE_NOTICE'>,
  ) {}

  /**
   * Before the session of the sign-in is started. The first sign-in of an account is nobody's surprise, and an address that
   * nobody has confirmed may belong to a stranger: it is not written to.
   *
   * @param user with `lastLoginAt` as it was before
   * @param deviceId see `KnownDevices`
   */
  async write(em: EntityManager, user: UserRecord, client: ClientInfo, deviceId: string | undefined): Promise<void> {
    if (!this.env.NEW_DEVICE_NOTICE || deviceId !== undefined || !user.lastLoginAt || !user.emailVerified) return;
    if (await this.sessions.hasSeen(em, user.id, client)) return;
    const facts = { device: deviceOf(client.userAgent), ipAddress: client.ipAddress };
    const { id: userId, email: recipient, locale } = user;
    this.outbox.write(em, { template: 'new-device', recipient, userId, locale: locale ?? client.locale, facts });
  }
}
