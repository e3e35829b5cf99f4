import { Module } from '@nestjs/common';
import { JsonWebTokenError, JwtModule, JwtSecretRequestType } from '@nestjs/jwt';
import { KeysModule } from '../keys/keys.module.js';
import { KeysService } from '../keys/keys.service.js';
import { AccessTokenService } from './access-token.service.js';
import { OneTimeTokens } from './one-time-tokens.service.js';

const jwtModule = JwtModule.registerAsync({
  imports: [KeysModule],
  inject: [KeysService],
  useFactory: (keys: KeysService) => ({
    secretOrKeyProvider: async (type, token) => {
      if (type === JwtSecretRequestType.SIGN) return keys.signing().privateKey;
      const key = typeof token === 'string' ? await keys.verificationKey(token) : undefined;
      if (!key) throw new JsonWebTokenError('no key of ours fits this token');
      return key;
    },
  }),
});

@Module({
  imports: [jwtModule, KeysModule],
  providers: [AccessTokenService, OneTimeTokens],
  exports: [AccessTokenService, OneTimeTokens, KeysModule],
})
export class TokensModule {}
