import type { AccessRule } from './access-rule.js';

/**
 * What keeps a signed-in caller from a field: the roles of which any one would do, or the permissions that are missing.
 * Nothing: they may use it.
 */
export function lacks(rule: AccessRule, roles: readonly string[], permissions: ReadonlySet<string>): readonly string[] {
  switch (rule.kind) {
    case 'public':
    case 'authenticated':
      return [];
    case 'roles':
      return rule.roles.some((role) => roles.includes(role)) ? [] : rule.roles;
    case 'permissions':
      return rule.permissions.filter((permission) => !permissions.has(permission));
  }
}
