import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type AccessRule, accessRuleOf } from '../access/access-rule.js';
import { forbidden, tokenMissing } from '../access/access.errors.js';
import type { Principal } from '../access/principal.js';
import { principalOf } from '../access/request-principal.js';
import { RolesService } from '../roles/roles.service.js';

/** Decides whether the caller that `GqlAuthGuard` established may use the field. Runs after it, with the same rule. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly roles: RolesService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = accessRuleOf(context.getHandler());
    if (rule?.kind !== 'roles' && rule?.kind !== 'permissions') return true;
    const principal = principalOf(context);
    if (!principal) throw tokenMissing();
    if (!(await this.allows(rule, principal))) throw forbidden();
    return true;
  }

  private async allows(rule: Extract<AccessRule, { kind: 'roles' | 'permissions' }>, principal: Principal) {
    return rule.kind === 'roles'
      ? rule.roles.some((role) => principal.roles.includes(role))
      : this.roles.holds(principal, rule.permissions);
  }
}
