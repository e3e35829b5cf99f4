import type { KeyObject } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JsonWebTokenError, JwtModule, JwtSecretRequestType } from '@nestjs/jwt';
import { KeysModule } from '../keys/keys.module.js';
import { KeysService } from '../keys/keys.service.js';
import { AccessTokenService } from './access-token.service.js';
import { OneTimeTokens } from './one-time-tokens.service.js';
import { VerifiedTokens } from './verified-tokens.js';

const jwtModule = JwtModule.registerAsync({
  imports: [KeysModule],
  inject: [KeysService],
  useFactory: (keys: KeysService) => ({
    secretOrKeyProvider: (type, token) =>
      type === JwtSecretRequestType.SIGN ? keys.signing().privateKey : verificationKey(keys, token),
  }),
});

async function verificationKey(keys: KeysService, token: unknown): Promise<KeyObject> {
  const key = typeof token === 'string' ? await keys.verificationKey(token) : undefined;
  if (!key) throw new JsonWebTokenError('no key of ours fits this token');
  return key;
}

@Module({
  imports: [jwtModule, KeysModule],
  providers: [AccessTokenService, OneTimeTokens, VerifiedTokens],
  exports: [AccessTokenService, OneTimeTokens, VerifiedTokens, KeysModule],
})
export class TokensModule {}
