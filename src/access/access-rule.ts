import type { Permission } from './permissions.js';

/** Who may call a field. The decorators write it, the guards of `auth/` enforce it, `schema.gql` prints it. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'roles'; readonly roles: readonly string[] }
  | { readonly kind: 'permissions'; readonly permissions: readonly Permission[] };

const ACCESS_RULE = Symbol('access rule');

/** Attaches the rule to a resolver or controller method. Throws when the method has one already. */
export function attachAccessRule(method: object, rule: AccessRule, name: string): void {
  if (accessRuleOf(method)) {
    throw new Error(
      `${name} carries two access rules; exactly one of @Public, @Authenticated, @Roles, @Permissions fits.`,
    );
  }
  Reflect.defineMetadata(ACCESS_RULE, rule, method);
}

export function accessRuleOf(method: object): AccessRule | undefined {
  return Reflect.getMetadata(ACCESS_RULE, method) as AccessRule | undefined;
}
