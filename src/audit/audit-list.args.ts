import { ArgsType, Field, ID, InputType } from '@nestjs/graphql';
import { ForwardPageArgs } from '../paging/page-request.js';

@InputType({ description: 'Which events. What is left out or null excludes none.' })
export class AuditFilter {
  @Field(() => String, { nullable: true, description: 'Of this type, such as `user.login_failed`.' })
  type?: string | null;

  @Field(() => ID, { nullable: true, description: 'Done by this user.' })
  actorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'About the account of this user.' })
  subjectId?: string | null;

  @Field(() => Date, { nullable: true, description: 'At this moment or later.' })
  after?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Before this moment.' })
  before?: Date | null;
}

@ArgsType()
export class AuditListArgs extends ForwardPageArgs {
  @Field(() => AuditFilter, { nullable: true, description: 'Which events. All of them when absent.' })
  filter?: AuditFilter | null;
}
