import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';

export enum SigningKeyState {
  PUBLISHED = 'PUBLISHED',
  ACTIVE = 'ACTIVE',
  RETIRING = 'RETIRING',
  RETIRED = 'RETIRED',
}

registerEnumType(SigningKeyState, {
  name: 'SigningKeyState',
  description: 'What a signing key is for at present, in the order in which it gets there.',
  valuesMap: {
    PUBLISHED: { description: 'Other services can know it already; it signs later.' },
    ACTIVE: { description: 'It signs.' },
    RETIRING: { description: 'It signs no more; tokens that it has signed are still good.' },
    RETIRED: { description: 'No token of it is accepted.' },
  },
});

@ObjectType({ description: 'A key that signs access tokens.' })
export class SigningKey {
  @Field(() => String, {
    description: 'Its thumbprint (RFC 7638): `kid` in the key set and in the header of its tokens.',
  })
  kid!: string;

  @Field(() => String, { description: 'What it signs with: `ES256`, `RS256` or `PS256`.' })
  algorithm!: string;

  @Field(() => SigningKeyState, { description: 'What it is for at present.' })
  state!: SigningKeyState;

  @Field(() => Date, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'From when on it signs.' })
  activeFrom!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it was retired. Null: it was not yet.' })
  retiredAt!: Date | null;
}
