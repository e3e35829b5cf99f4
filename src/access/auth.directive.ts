import {
  DirectiveLocation,
  GraphQLDirective,
  type GraphQLField,
  GraphQLList,
  GraphQLNonNull,
  GraphQLString,
} from 'graphql';
import type { AccessRule } from './access-rule.js';

const names = new GraphQLList(new GraphQLNonNull(GraphQLString));

/** `@auth` in schema.gql: tells frontends and code generators who may read a field. The guards enforce the same rule. */
export const authDirective = new GraphQLDirective({
  name: 'auth',
  description:
    'Who may use this field. Without arguments: any signed-in caller. A field without @auth is public. ' +
    'A refusal of a nullable field nulls that field alone and adds one error at its path.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    roles: { type: names, description: 'Any one of these roles is enough.' },
    permissions: { type: names, description: 'All of these permissions are needed.' },
  },
});

/** True for a field with a rule that asks who calls. */
export const hasAuthDirective = ({ astNode }: GraphQLField<unknown, unknown>): boolean =>
  astNode?.directives?.some(({ name }) => name.value === authDirective.name) ?? false;

/** The rule as it is applied in the schema, or undefined for a public field. */
export function authDirectiveOf(rule: AccessRule): string | undefined {
  switch (rule.kind) {
    case 'public':
      return undefined;
    case 'authenticated':
      return '@auth';
    case 'roles':
      return `@auth(roles: ${JSON.stringify(rule.roles)})`;
    case 'permissions':
      return `@auth(permissions: ${JSON.stringify(rule.permissions)})`;
  }
}
