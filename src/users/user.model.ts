import { Field, ID, ObjectType } from '@nestjs/graphql';

/**
 * What a client may read of a user. Resolvers return the entity: only what is declared here leaves the server.
 * Restricted fields are resolver methods (`users.resolver.ts`), because guards run on methods alone.
 */
@ObjectType('User', { description: 'An account.' })
export class UserModel {
  @Field(() => ID, { description: 'Never changes. The `sub` claim of the access token.' })
  id!: string;

  @Field(() => String, { description: 'The address to sign in with, in lower case.' })
  email!: string;

  @Field(() => Boolean, { description: 'True once the user has shown that the address is theirs.' })
  emailVerified!: boolean;

  @Field(() => String, { nullable: true, description: 'What to call the user.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'The language of mails, as a BCP 47 tag such as `de`.' })
  locale?: string | null;

  @Field(() => Date, { description: 'When the account was made.' })
  createdAt!: Date;
}
