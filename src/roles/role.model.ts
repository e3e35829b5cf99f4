import { Field, ObjectType } from '@nestjs/graphql';

@ObjectType('Role', { description: 'A named set of permissions. Users hold roles, never permissions of their own.' })
export class RoleModel {
  @Field(() => String, { description: 'Never changes. An entry of the `roles` claim of access tokens.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the role is for.' })
  description?: string | null;

  @Field(() => Boolean, { description: 'True for `admin` and `user`, which can not be deleted.' })
  builtIn!: boolean;
}
