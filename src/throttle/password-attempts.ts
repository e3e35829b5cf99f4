import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import type { ClientInfo } from '../common/client-info.js';
import { ErrorCode } from '../common/error-codes.js';
import { ENV, type Env } from '../config/env.js';
import { AccountDigests } from './account-digests.js';
import { Backoff } from './backoff.js';
import { type CountedAttempt, type Limiter, Limiters } from './limiter.js';
import { WRONG_PASSWORDS } from './limits.js';
import { Networks } from './networks.js';
import { tooManyRequests } from './throttle.errors.js';

/** Who tries which account. An account that does not exist is counted like any other. */
export interface PasswordAttempt {
  readonly email: string;
  readonly client: ClientInfo;
  /** A device that is known to this account (`auth/known-devices.ts`): it is counted apart from strangers at its address. */
  readonly deviceId: string | undefined;
  /** What strangers do not have: the session of a signed-in user, a link of the account. It is counted for that alone. */
  readonly of?: `session:${string}` | `link:${string}`;
}

/** What an attempt is counted for. */
interface Keys {
  readonly account: string;
  /** Absent where strangers have no part. */
  readonly address?: string | undefined;
  /** The first wrong passwords do not count for the address. */
  readonly isSpared?: true;
}

/** An attempt that may be made, in the counters that it is in. */
interface Admitted {
  readonly keys: Keys;
  readonly account: CountedAttempt;
  readonly address: CountedAttempt | undefined;
  readonly spared: CountedAttempt | undefined;
}

/**
 * Slows guessing down. Every attempt is counted before its password is looked at, so that no number of parallel
 * attempts gets more checks than the limits say; one that turns out right is taken back.
 */
@Injectable()
export class PasswordAttempts {
  private readonly account: Backoff;
  private readonly address: Backoff;
  private readonly spared: Limiter;

  constructor(
    limiters: Limiters,
    private readonly networks: Networks,
    private readonly digests: AccountDigests,
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMITS_ENABLED'>,
  ) {
    const { account, address, spared } = WRONG_PASSWORDS;
    this.account = new Backoff(limiters, 'wrong-password:account', account);
    this.address = new Backoff(limiters, 'wrong-password:address', address);
    this.spared = limiters.create('wrong-password:spared', { attempts: spared, seconds: account.memory });
  }

  /**
   * Makes the attempt, which fails by throwing `INVALID_CREDENTIALS`. Any other error is no answer about the password
   * and counts for nothing.
   *
   * @throws AppError `TOO_MANY_REQUESTS` before the attempt is made
   */
  async count<T>(attempt: PasswordAttempt, make: () => Promise<T>): Promise<T> {
    if (!this.env.RATE_LIMITS_ENABLED) return make();
    const admitted = await this.admit(attempt);
    try {
      const result = await make();
      await Promise.all([this.forget(admitted.keys), this.giveBackAddress(admitted)]);
      return result;
    } catch (error) {
      const isWrong = error instanceof AppError && error.code === ErrorCode.INVALID_CREDENTIALS;
      if (!isWrong) await this.giveBack(admitted);
      throw error;
    }
  }

  /** Forgets the wrong passwords of an account at an address, whose owner has chosen a new one there. */
  async forgive({ email, client }: Pick<PasswordAttempt, 'email' | 'client'>): Promise<void> {
    if (!this.env.RATE_LIMITS_ENABLED) return;
    await Promise.all([undefined, 'any'].map((deviceId) => this.forget(this.keysOf({ email, client, deviceId }))));
  }

  /**
   * A device that is known counts as a stranger where its own guesses are used up: by a thief at its address, perhaps, who could come as a
   * stranger as well.
   */
  private async admit(attempt: PasswordAttempt): Promise<Admitted> {
    const keys = this.keysOf(attempt);
    try {
      return await this.admitBy(keys);
    } catch (refusal) {
      if (!keys.isSpared || !(refusal instanceof AppError)) throw refusal;
      return this.admitBy(this.keysOf({ ...attempt, deviceId: undefined }));
    }
  }

  private async admitBy(keys: Keys): Promise<Admitted> {
    const spared = keys.isSpared && (await this.spared.count(keys.account));
    const isSpared = spared !== undefined && spared.excess <= 0;
    const address = isSpared || keys.address === undefined ? undefined : await this.address.admit(keys.address);
    if (address?.wait !== undefined) throw tooManyRequests('wrong passwords of this address', address.wait);
    const account = await this.account.admit(keys.account);
    if (account.wait === undefined) return { keys, account, address, spared };
    await this.giveBackAddress({ address });
    throw tooManyRequests('wrong passwords', account.wait);
  }

  private async giveBack(admitted: Admitted): Promise<void> {
    const { account, spared } = admitted;
    await Promise.all([
      this.account.giveBack(account),
      this.giveBackAddress(admitted),
      spared && this.spared.giveBack(spared),
    ]);
  }

  private async giveBackAddress({ address }: Pick<Admitted, 'address'>): Promise<void> {
    if (address) await this.address.giveBack(address);
  }

  private async forget({ account, isSpared }: Keys): Promise<void> {
    await Promise.all([this.account.forget(account), isSpared && this.spared.forget(account)]);
  }

  private keysOf({ email, client, deviceId, of }: PasswordAttempt): Keys {
    if (of !== undefined) return { account: of };
    const [network, account] = [this.networks.keyOf(client.ipAddress), this.digests.of(email)];
    if (deviceId === undefined) return { account: `${network}:${account}`, address: network };
    // All known devices of an account at an address together: each sign-in may make another one.
    return { account: `known:${network}:${account}`, address: `known:${network}`, isSpared: true };
  }
}
