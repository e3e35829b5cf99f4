import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { genSaltSync, hash } from 'bcrypt';
import { AppError } from '../common/app-error.js';
import { constantTimeEqual } from '../common/constant-time.js';
import { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';
import { ENV, type Env } from '../config/env.js';
import { foreignVerifier } from './foreign-hash.js';
import { HashingQueue } from './hashing-queue.js';
import { isHashable, passwordProblem } from './password-policy.js';
import { bcryptKey, formatHash, parseHash, type StoredHash } from './stored-hash.js';

/** `$2b$12$`; the salt follows. */
const BCRYPT_PREFIX_LENGTH = 7;
/** Prefix and salt; the digest follows. */
const BCRYPT_SETTINGS_LENGTH = 29;

/**
 * Makes and checks password hashes, all of them through one bounded queue.
 *
 * A check costs one bcrypt whatever is stored, nothing and garbage included. So the time of an answer does not tell who
 * has an account (ASVS 6.3.8). The exception is an imported hash, of another scheme or of a lower cost than BCRYPT_COST: it
 * takes its own time until its owner has logged in once and was re-hashed.
 */
@Injectable()
export class PasswordsService {
  private readonly cost: number;
  /** Takes the place of a missing hash. Its digest is random, and a match with it counts for nothing. */
  private readonly decoy: StoredHash;

  constructor(
    @Inject(ENV) env: Pick<Env, 'BCRYPT_COST'>,
    private readonly queue: HashingQueue,
  ) {
    this.cost = env.BCRYPT_COST;
    this.decoy = {
      scheme: 'bcrypt-sha256-v2',
      cost: this.cost,
      salt: newSalt(this.cost),
      digest: randomBytes(16).toString('hex').slice(1),
    };
  }

  /**
   * Checks the policy, then hashes.
   *
   * @param context `path` is the field's path for the error, `input.password` by default.
   * @throws AppError `BAD_USER_INPUT` / `WEAK_PASSWORD` with the problem under `fields`, or `SERVICE_UNAVAILABLE`.
   */
  async hashNew(password: string, context: { email: string; path?: string }): Promise<string> {
    const message = passwordProblem(password, context);
    if (message !== undefined) {
      throw new AppError(ErrorCode.BAD_USER_INPUT, 'The password is not acceptable.', {
        reason: ErrorReason.WEAK_PASSWORD,
        action: ErrorAction.FIX_INPUT,
        fields: [{ path: context.path ?? 'input.password', message }],
      });
    }
    return this.rehash(password);
  }

  /**
   * True only for the right password; a missing or unreadable hash is false, never an error.
   *
   * @throws AppError `SERVICE_UNAVAILABLE` when the queue refuses.
   */
  async verify(password: string, storedHash: string | null): Promise<boolean> {
    const stored = parseHash(storedHash ?? '');
    const hashable = isHashable(password);
    const foreign = !stored && hashable ? foreignVerifier(storedHash ?? '') : undefined;
    if (foreign && (await this.queue.run(() => foreign(password)))) return true;
    // Also after a foreign hash that does not fit: a quick one would tell that there is such an account (ASVS 6.3.8).
    const target = stored ?? this.decoy;
    const digest = await this.digest(hashable ? password : '', target);
    const matches = constantTimeEqual(Buffer.from(digest), Buffer.from(target.digest));
    return matches && hashable && stored !== undefined;
  }

  /** True when the hash is not of our scheme at the configured cost: re-hash after a successful login. */
  needsRehash(storedHash: string): boolean {
    const stored = parseHash(storedHash);
    return stored?.scheme !== 'bcrypt-sha256-v2' || stored.cost !== this.cost;
  }

  /** Hashes without the policy: the password was accepted once already. */
  async rehash(password: string): Promise<string> {
    const salt = newSalt(this.cost);
    const digest = await this.digest(password, { scheme: 'bcrypt-sha256-v2', cost: this.cost, salt });
    return formatHash({ cost: this.cost, salt, digest });
  }

  /**
   * Always bcrypt's `2b`. `2y` is PHP's name for it, and `2a` differs only in old faults with passwords of over 254
   * bytes, which most writers of `2a` never had and which the library would repeat.
   */
  private async digest(password: string, target: Omit<StoredHash, 'digest'>): Promise<string> {
    const settings = `$2b$${String(target.cost).padStart(2, '0')}$${target.salt}`;
    const hashed = await this.queue.run(() => hash(bcryptKey(target, password), settings));
    return hashed.slice(BCRYPT_SETTINGS_LENGTH);
  }
}

/** 16 random bytes with clean padding bits. Synchronous: it takes microseconds and no turn in the thread pool. */
function newSalt(cost: number): string {
  return genSaltSync(cost).slice(BCRYPT_PREFIX_LENGTH);
}
