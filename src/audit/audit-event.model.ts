import { Field, ID, ObjectType } from '@nestjs/graphql';
import { GraphQLJSON } from 'graphql-scalars';
import { PageInfo } from '../paging/page-info.model.js';

@ObjectType('AuditEvent', { description: 'A security decision, or a change of an account.' })
export class AuditEventModel {
  @Field(() => ID, { description: 'Identifies the event, here and in the log.' })
  id!: string;

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date;

  @Field(() => String, { description: 'What happened, such as `user.logged_in`. The types are a closed list.' })
  type!: string;

  @Field(() => ID, { nullable: true, description: 'The user who did it. Null: somebody unknown, or an operator.' })
  actorId?: string | null | undefined;

  @Field(() => ID, { nullable: true, description: 'The user whose account it is about.' })
  subjectId?: string | null | undefined;

  @Field(() => ID, { nullable: true, description: 'The session that was used, opened or ended.' })
  sessionId?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'Where it came from.' })
  ipAddress?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'What the client calls itself.' })
  userAgent?: string | null | undefined;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Names, codes and numbers, by type of event.' })
  details?: Record<string, unknown> | null | undefined;
}

@ObjectType({ description: 'An event in a list.' })
export class AuditEventEdge {
  @Field(() => String, { description: 'The place of this event in this list.' })
  cursor!: string;

  @Field(() => AuditEventModel, { description: 'The event.' })
  node!: AuditEventModel;
}

@ObjectType({ description: 'A page of a list of events, the newest first.' })
export class AuditEventConnection {
  @Field(() => [AuditEventEdge], { description: 'The events with their cursors.' })
  edges!: AuditEventEdge[];

  @Field(() => [AuditEventModel], { description: 'The events.' })
  nodes!: AuditEventModel[];

  @Field(() => PageInfo, { description: 'What is before and behind this page.' })
  pageInfo!: PageInfo;
}
