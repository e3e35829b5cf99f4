import { Field, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'Where a page is in its list, as in the Relay Cursor Connections Specification.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'True when rows follow behind this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'True when rows come before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The first cursor of the page. Null when the page is empty.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'The last cursor of the page. Null when the page is empty.' })
  endCursor!: string | null;
}
