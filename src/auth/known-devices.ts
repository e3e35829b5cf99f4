import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { perRequest } from '../common/per-request.js';
import { ENV, type Env } from '../config/env.js';
import { RotationService } from '../sessions/rotation.service.js';
import { UsersService } from '../users/users.service.js';
import { AuthCookies } from './auth-cookies.js';
import {
  type DeviceAccount,
  formatDeviceCookie,
  isDeviceOf,
  newDeviceId,
  parseDeviceCookie,
  type PresentedDevice,
} from './device-cookie.js';
import { RequestCredentials } from './request-credentials.js';

/** Takes the place of an account that does not exist, so that the same is computed for it. */
const NOBODY: DeviceAccount = { id: '00000000-0000-7000-8000-000000000000', email: 'nobody@localhost' };

/**
 * Recognises a device that has signed in to an account since its password was chosen, so that what strangers do to the
 * account, even from the same address, does not keep its owner out (`throttle/password-attempts.ts`).
 */
@Injectable()
export class KnownDevices {
  private readonly secrets: readonly string[];
  /** One look for each request, though its limit and its resolver ask. */
  private readonly looks = perRequest(() => new Map<string, Promise<string | undefined>>());

  constructor(
    private readonly credentials: RequestCredentials,
    private readonly cookies: AuthCookies,
    private readonly rotation: RotationService,
    private readonly users: UsersService,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {
    this.secrets = [env.JWT_SECRET, ...env.JWT_PREVIOUS_SECRETS];
  }

  /** True when there is anything to look at: a request without costs nothing. */
  hasTraces(request: Request, argument?: string | null): boolean {
    const { deviceCookie, refreshToken } = this.credentials.traces(request, argument);
    return Boolean(deviceCookie || refreshToken);
  }

  /** The id of the device: of its cookie, or the session of a refresh token that it presents, ended or not. */
  recognise(request: Request, email: string, argument?: string | null): Promise<string | undefined> {
    const looks = this.looks(request);
    const key = JSON.stringify([email, argument]);
    const look = looks.get(key) ?? this.look(request, email, argument);
    looks.set(key, look);
    return look;
  }

  /** After a proof of the password or the mailbox: the device keeps the id that it has for this account, or receives one. */
  remember(request: Request, response: Response, account: DeviceAccount): void {
    const device = this.presented(request);
    const known = device && isDeviceOf(device, account, this.secrets) ? device.id : newDeviceId();
    this.cookies.setDevice(response, formatDeviceCookie(this.env.JWT_SECRET, known, account));
  }

  private async look(request: Request, email: string, argument?: string | null): Promise<string | undefined> {
    const device = this.presented(request);
    if (device && (await this.isOfAccount(device, email))) return device.id;
    const { refreshToken } = this.credentials.traces(request, argument);
    return refreshToken ? this.sessionOf(refreshToken, email) : undefined;
  }

  private presented(request: Request): PresentedDevice | undefined {
    const { deviceCookie } = this.credentials.traces(request);
    return deviceCookie === undefined ? undefined : parseDeviceCookie(deviceCookie);
  }

  private async isOfAccount(device: PresentedDevice, email: string): Promise<boolean> {
    const account = await this.users.recordOf(email);
    return isDeviceOf(device, account ?? NOBODY, this.secrets) && account !== undefined;
  }

  private async sessionOf(refreshToken: string, email: string): Promise<string | undefined> {
    const session = await this.rotation.sessionOf(refreshToken);
    // What an administrator has who acted as the user is no device of the user.
    if (session?.email !== email || session.actorId !== session.userId) return undefined;
    return session.isOfPresentPassword ? session.sessionId : undefined;
  }
}
