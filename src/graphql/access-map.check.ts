import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import {
  RESOLVER_NAME_METADATA,
  RESOLVER_PROPERTY_METADATA,
  RESOLVER_TYPE_METADATA,
} from '@nestjs/graphql/dist/graphql.constants.js';
import { type GraphQLField, isObjectType } from 'graphql';
import { accessRuleOf } from '../access/access-rule.js';

const ROOT_TYPES = new Set(['Query', 'Mutation', 'Subscription']);

/**
 * Refuses to boot when a field could be reached without a decision: a root field or HTTP route without an access rule,
 * an `@auth` in the schema that no guarded method stands behind, or a resolver that the framework is known to call
 * without its guards (a subclass, or one made by a factory: @nestjs/graphql advisories before 14.2).
 */
@Injectable()
export class AccessMapCheck implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly schemaHost: GraphQLSchemaHost,
  ) {}

  onApplicationBootstrap(): void {
    const guarded = new Set<string>();
    const problems = [
      ...this.discovery.getProviders().flatMap((wrapper) => this.resolverProblems(wrapper, guarded)),
      ...this.discovery.getControllers().flatMap((wrapper) => this.routeProblems(wrapper)),
    ];
    problems.push(...this.schemaProblems(guarded));
    if (problems.length > 0) throw new Error(`Access rules are incomplete:\n- ${problems.join('\n- ')}`);
  }

  /** Collects into `guarded` the coordinates (`User.sessions`) of all methods that carry a rule. */
  private resolverProblems(wrapper: InstanceWrapper, guarded: Set<string>): string[] {
    const instance: unknown = wrapper.instance;
    if (typeof instance !== 'object' || instance === null) return [];
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    const problems: string[] = [];
    let isResolver = false;
    for (const name of this.scanner.getAllMethodNames(prototype)) {
      const method = prototype[name];
      const coordinate = method && coordinateOf(method, instance.constructor, name);
      if (!method || !coordinate) continue;
      isResolver = true;
      const rule = accessRuleOf(method);
      if (rule) guarded.add(coordinate);
      else if (ROOT_TYPES.has(coordinate.split('.')[0] ?? '')) {
        problems.push(`${coordinate} (${instance.constructor.name}.${name}) carries no access rule`);
      }
    }
    const isPlainClass = Object.getPrototypeOf(prototype) === Object.prototype && !wrapper.isNotMetatype;
    if (isResolver && !isPlainClass) problems.push(`${wrapper.name} is a resolver but not a plain class`);
    return problems;
  }

  private routeProblems({ instance }: InstanceWrapper): string[] {
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const method = prototype[name];
      const isOpen = method && Reflect.hasMetadata(PATH_METADATA, method) && !accessRuleOf(method);
      return isOpen ? [`route ${prototype.constructor.name}.${name} carries no access rule`] : [];
    });
  }

  private schemaProblems(guarded: ReadonlySet<string>): string[] {
    const types = Object.values(this.schemaHost.schema.getTypeMap()).filter(isObjectType);
    return types
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type: type.name, field })))
      .filter(({ type, field }) => ROOT_TYPES.has(type) || hasAuthDirective(field))
      .map(({ type, field }) => `${type}.${field.name}`)
      .filter((coordinate) => !guarded.has(coordinate))
      .map((coordinate) => `${coordinate} is in the schema but no guarded resolver method stands behind it`);
  }
}

function coordinateOf(method: object, resolverClass: object, name: string): string | undefined {
  const rootType: unknown = Reflect.getMetadata(RESOLVER_TYPE_METADATA, method);
  const isField = Reflect.getMetadata(RESOLVER_PROPERTY_METADATA, method) === true;
  if (!ROOT_TYPES.has(String(rootType)) && !isField) return undefined;
  const type: unknown = isField ? Reflect.getMetadata(RESOLVER_TYPE_METADATA, resolverClass) : rootType;
  const field: unknown = Reflect.getMetadata(RESOLVER_NAME_METADATA, method) ?? name;
  return `${String(type)}.${String(field)}`;
}

function hasAuthDirective({ astNode }: GraphQLField<unknown, unknown>): boolean {
  return astNode?.directives?.some(({ name }) => name.value === 'auth') ?? false;
}
