import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type AccessRule, accessRuleOf } from '../access/access-rule.js';
import { forbidden, tokenMissing } from '../access/access.errors.js';
import { lacks } from '../access/lacks.js';
import { principalOf } from '../access/request-principal.js';
import { RolesService } from '../roles/roles.service.js';

const NONE: ReadonlySet<string> = new Set();

/** Decides whether the caller that `GqlAuthGuard` established may use the field. Runs after it, with the same rule. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly roles: RolesService) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = accessRuleOf(context.getHandler());
    return rule?.kind === 'roles' || rule?.kind === 'permissions' ? this.fulfils(context, rule) : true;
  }

  private async fulfils(context: ExecutionContext, rule: AccessRule): Promise<boolean> {
    const principal = principalOf(context);
    if (!principal) throw tokenMissing();
    // Looked up where a rule asks for them, and not before.
    const permissions = rule.kind === 'permissions' ? await this.roles.permissionsOf(principal) : NONE;
    if (lacks(rule, principal.roles, permissions).length > 0) throw forbidden();
    return true;
  }
}
