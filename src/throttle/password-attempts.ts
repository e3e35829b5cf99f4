import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import type { ClientInfo } from '../common/client-info.js';
import { ErrorCode } from '../common/error-codes.js';
import { networkOf } from '../common/network.js';
import { ENV, type Env } from '../config/env.js';
import { accountDigest } from './account-digest.js';
import { Backoff } from './backoff.js';
import { Limiters } from './limiter.js';
import { WRONG_PASSWORDS } from './limits.js';
import { tooManyRequests } from './throttle.errors.js';

/** Who tries which account. An account that does not exist is counted like any other. */
export interface PasswordAttempt {
  readonly email: string;
  readonly client: ClientInfo;
  /** A device that signed in to this account before (`auth/known-devices.ts`): it is counted apart from its address. */
  readonly deviceId: string | undefined;
}

/**
 * Slows guessing down. Every attempt is counted before its password is looked at, so that no number of parallel
 * attempts gets more checks than the limits say; one that turns out right is taken back.
 */
@Injectable()
export class PasswordAttempts {
  private readonly account: Backoff;
  private readonly address: Backoff;

  constructor(
    limiters: Limiters,
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMITS_ENABLED'>,
  ) {
    this.account = new Backoff(limiters, 'wrong-password:account', WRONG_PASSWORDS.account);
    this.address = new Backoff(limiters, 'wrong-password:address', WRONG_PASSWORDS.address);
  }

  /**
   * Makes the attempt, which fails by throwing `INVALID_CREDENTIALS`. Any other error is no answer about the password
   * and counts for nothing.
   *
   * @throws AppError `TOO_MANY_REQUESTS` before the attempt is made
   */
  async count<T>(attempt: PasswordAttempt, make: () => Promise<T>): Promise<T> {
    if (!this.env.RATE_LIMITS_ENABLED) return make();
    const keys = keysOf(attempt);
    await this.admit(keys);
    try {
      const result = await make();
      await Promise.all([this.account.forget(keys.account), this.giveBack(keys.address)]);
      return result;
    } catch (error) {
      const isWrong = error instanceof AppError && error.code === ErrorCode.INVALID_CREDENTIALS;
      if (!isWrong) await Promise.all([this.account.giveBack(keys.account), this.giveBack(keys.address)]);
      throw error;
    }
  }

  /** Forgets the wrong passwords of an account, whose owner has chosen a new one. */
  async forgive(attempt: PasswordAttempt): Promise<void> {
    if (this.env.RATE_LIMITS_ENABLED) await this.account.forget(keysOf(attempt).account);
  }

  private async admit({ account, address }: Keys): Promise<void> {
    const addressWait = address === undefined ? undefined : await this.address.admit(address);
    if (addressWait !== undefined) throw tooManyRequests('wrong passwords of this address', addressWait);
    const accountWait = await this.account.admit(account);
    if (accountWait === undefined) return;
    await this.giveBack(address);
    throw tooManyRequests('wrong passwords', accountWait);
  }

  private async giveBack(address: string | undefined): Promise<void> {
    if (address !== undefined) await this.address.giveBack(address);
  }
}

interface Keys {
  readonly account: string;
  /** Absent for a recognised device: what others do at its address is not its fault. */
  readonly address: string | undefined;
}

function keysOf({ email, client, deviceId }: PasswordAttempt): Keys {
  const account = accountDigest(email);
  if (deviceId !== undefined) return { account: `device:${deviceId}:${account}`, address: undefined };
  const network = networkOf(client.ipAddress);
  return { account: `${network}:${account}`, address: network };
}
