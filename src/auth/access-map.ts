import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import {
  RESOLVER_NAME_METADATA,
  RESOLVER_PROPERTY_METADATA,
  RESOLVER_TYPE_METADATA,
} from '@nestjs/graphql/dist/graphql.constants.js';
import { type AccessRule, accessRuleOf } from '../access/access-rule.js';

export const ROOT_TYPES: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/** A method that resolves a field. */
export interface ResolverMethod {
  /** Of the field, such as `User.sessions`. */
  readonly coordinate: string;
  readonly rule: AccessRule | undefined;
  /** The class and its method, for a message. */
  readonly method: string;
  readonly provider: InstanceWrapper;
}

/** Which method resolves which field, and under which rule: what the guards will find. It is made once: after the start nothing changes it. */
@Injectable()
export class AccessMap {
  private made: readonly ResolverMethod[] | undefined;
  private rules: ReadonlyMap<string, AccessRule> | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** Not before every provider is there. */
  methods(): readonly ResolverMethod[] {
    return (this.made ??= this.discovery.getProviders().flatMap((provider) => this.methodsOf(provider)));
  }

  /** The rule of the method behind a field; undefined for one that follows its parent. */
  ruleOf(coordinate: string): AccessRule | undefined {
    this.rules ??= new Map(this.methods().flatMap(({ coordinate, rule }) => (rule ? [[coordinate, rule]] : [])));
    return this.rules.get(coordinate);
  }

  private methodsOf(provider: InstanceWrapper): ResolverMethod[] {
    const instance: unknown = provider.instance;
    if (typeof instance !== 'object' || instance === null) return [];
    const { constructor } = instance;
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const method = prototype[name];
      const coordinate = method && coordinateOf(method, constructor, name);
      if (!method || !coordinate) return [];
      return [{ coordinate, rule: accessRuleOf(method), method: `${constructor.name}.${name}`, provider }];
    });
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
