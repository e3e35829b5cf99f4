import { registerEnumType } from '@nestjs/graphql';

/** How a client receives its tokens. */
export enum TokenTransport {
  BODY = 'BODY',
  COOKIE = 'COOKIE',
}

registerEnumType(TokenTransport, {
  name: 'TokenTransport',
  description: 'How a client receives its tokens.',
  valuesMap: {
    BODY: { description: 'In the payload; the client keeps them and sends an Authorization header.' },
    COOKIE: { description: 'In HttpOnly cookies that scripts can not read; the token fields of the payload are null.' },
  },
});
