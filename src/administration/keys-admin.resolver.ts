import { Mutation, Query, Resolver } from '@nestjs/graphql';
import { Permissions } from '../access/access.decorators.js';
import { MAX_LISTED_KEYS } from '../keys/key-rotation.js';
import { HoldsAtMost } from '../paging/list-bound.js';
import type { Authority } from './authority.js';
import { CurrentAuthority } from './current-authority.decorator.js';
import { RECENT_SIGN_IN } from './recent-sign-in.js';
import { KeyAdministration } from './key-administration.service.js';
import { SigningKey } from './signing-key.model.js';

/** Signing keys, for those who administer them. */
@Resolver()
export class KeysAdminResolver {
  constructor(private readonly keys: KeyAdministration) {}

  @HoldsAtMost(MAX_LISTED_KEYS)
  @Query(() => [SigningKey], {
    description: `The keys that sign access tokens, the newest first, at most ${MAX_LISTED_KEYS}. With HS256 the key is a setting, and not among them.`,
  })
  @Permissions('keys:read')
  signingKeys(): Promise<SigningKey[]> {
    return this.keys.list();
  }

  @Mutation(() => SigningKey, {
    description: `Makes the next signing key. It signs once every service can know it; no token is refused by it. It ${RECENT_SIGN_IN}.`,
  })
  @Permissions('keys:rotate')
  rotateSigningKey(@CurrentAuthority() authority: Authority): Promise<SigningKey> {
    return this.keys.rotate(authority);
  }
}
