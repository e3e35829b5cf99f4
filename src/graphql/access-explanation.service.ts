import { Injectable } from '@nestjs/common';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { isObjectType } from 'graphql';
import { notFound } from '../access/access.errors.js';
import type { AccessRule } from '../access/access-rule.js';
import { authDirectiveOf } from '../access/auth.directive.js';
import { lacks } from '../access/lacks.js';
import { AccessMap } from '../auth/access-map.js';
import { permissionsOfRoles } from '../roles/rights.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AccessDecision, AccessExplanation } from './access-explanation.model.js';

/** Says what the guards would answer a user, by the very rules that they enforce. */
@Injectable()
export class AccessExplanations {
  constructor(
    private readonly schemaHost: GraphQLSchemaHost,
    private readonly map: AccessMap,
    private readonly users: UsersService,
  ) {}

  /** @throws AppError `NOT_FOUND` for an unknown user or field */
  async explain(userId: string, field: string): Promise<AccessExplanation> {
    const user = await this.users.byId(userId);
    if (!user) throw notFound('There is no such account.');
    if (!this.isInSchema(field)) throw notFound('The schema has no such field.');
    await user.roles.load();
    const rule = this.map.ruleOf(field);
    return Object.assign(new AccessExplanation(), { field, ...decide(rule, user) });
  }

  private isInSchema(coordinate: string): boolean {
    const [typeName = '', fieldName = '', ...rest] = coordinate.split('.');
    const type = this.schemaHost.schema.getType(typeName);
    return rest.length === 0 && isObjectType(type) && Object.hasOwn(type.getFields(), fieldName);
  }
}

function decide(rule: AccessRule | undefined, user: User): Omit<AccessExplanation, 'field'> {
  const text = rule ? (authDirectiveOf(rule) ?? null) : null;
  if (!rule || rule.kind === 'public') return { rule: text, decision: AccessDecision.ALLOWED, missing: [] };
  if (user.disabledAt) return { rule: text, decision: AccessDecision.ACCOUNT_DISABLED, missing: [] };
  const roles = user.roles.getItems();
  const names = roles.map(({ name }) => name);
  const missing = lacks(rule, names, new Set(permissionsOfRoles(roles)));
  if (missing.length === 0) return { rule: text, decision: AccessDecision.ALLOWED, missing };
  const decision = rule.kind === 'roles' ? AccessDecision.ROLE_MISSING : AccessDecision.PERMISSION_MISSING;
  return { rule: text, decision, missing };
}
