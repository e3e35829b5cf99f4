import { Args, ID, Query, Resolver } from '@nestjs/graphql';
import { Permissions } from '../access/access.decorators.js';
import { AccessExplanation } from './access-explanation.model.js';
import { AccessExplanations } from './access-explanation.service.js';

@Resolver()
export class AccessExplanationResolver {
  constructor(private readonly explanations: AccessExplanations) {}

  @Query(() => AccessExplanation, {
    description:
      'Why a user may use a field of this schema, or may not. Rows that are of somebody else may be refused besides.',
  })
  @Permissions('users:read', 'roles:read')
  explainAccess(
    @Args('userId', { type: () => ID, description: 'Who would ask.' }) userId: string,
    @Args('field', { description: 'The field by its schema coordinate, such as `Mutation.createUser`.' }) field: string,
  ): Promise<AccessExplanation> {
    return this.explanations.explain(userId, field);
  }
}
