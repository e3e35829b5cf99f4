import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ENV, type Env } from '../config/env.js';
import { RotationService } from '../sessions/rotation.service.js';
import { AuthCookies } from './auth-cookies.js';
import { deviceIdOf, formatDeviceCookie, newDeviceId } from './device-cookie.js';
import { RequestCredentials } from './request-credentials.js';

/**
 * Recognises a device that has signed in to an account before, so that what strangers do to the account, even from the
 * same address, does not keep its owner out (`throttle/password-attempts.ts`).
 */
@Injectable()
export class KnownDevices {
  private readonly secrets: readonly string[];

  constructor(
    private readonly credentials: RequestCredentials,
    private readonly cookies: AuthCookies,
    private readonly rotation: RotationService,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {
    this.secrets = [env.JWT_SECRET, ...env.JWT_PREVIOUS_SECRETS];
  }

  /** The id of the device: of its cookie, or the session of a refresh token that it presents, ended or not. */
  async recognise(request: Request, email: string, argument?: string | null): Promise<string | undefined> {
    const { deviceCookie, refreshToken } = this.credentials.traces(request, argument);
    const deviceId = deviceCookie && deviceIdOf(deviceCookie, email, this.secrets);
    if (deviceId || !refreshToken) return deviceId || undefined;
    const session = await this.rotation.sessionOf(refreshToken);
    // What an administrator has who acted as the user is no device of the user.
    return session?.email === email && session.actorId === session.userId ? session.sessionId : undefined;
  }

  /** After a sign-in: the device keeps the id that it has for this account, or receives one. */
  remember(request: Request, response: Response, email: string): void {
    const { deviceCookie } = this.credentials.traces(request);
    const known = deviceCookie && deviceIdOf(deviceCookie, email, this.secrets);
    this.cookies.setDevice(response, formatDeviceCookie(this.env.JWT_SECRET, known || newDeviceId(), email));
  }
}
