import { type EntityClass, type EntityManager, type EntityMetadata, JsonType, ReferenceKind } from '@mikro-orm/core';
import { type RawBuilder, sql } from 'kysely';

/** The columns of an entity that hold values of its own, in a statement of `DirectSql`: `alias.column as alias_column`. */
export class EntityColumns<Values extends object> {
  /** What to select. Without what the ORM, too, reads only when it is asked for. */
  readonly list: RawBuilder<unknown>;
  readonly #em: EntityManager;
  readonly #meta: EntityMetadata<Values>;
  readonly #prefix: string;
  readonly #names: readonly string[];
  readonly #json: readonly (readonly [name: string, type: JsonType])[];

  /** @param alias of the entity's table in the statement */
  constructor(em: EntityManager, entity: EntityClass<Values>, alias: string) {
    this.#em = em;
    this.#meta = em.getMetadata(entity);
    this.#prefix = `${alias}_`;
    const properties = this.#meta.props.filter(({ kind, lazy }) => kind === ReferenceKind.SCALAR && !lazy);
    this.#names = properties.flatMap(({ fieldNames }) => fieldNames);
    this.#json = properties.flatMap(({ customType, fieldNames }) =>
      customType instanceof JsonType ? fieldNames.map((name) => [name, customType] as const) : [],
    );
    this.list = sql.raw(this.#names.map((name) => `${alias}.${name} as ${this.#prefix}${name}`).join(', '));
  }

  /** The values that the entity would have, by the names of its properties: moments as `Date`, and so on. */
  valuesOf(row: object): Values {
    const columns = row as Readonly<Record<string, unknown>>;
    const own: Record<string, unknown> = {};
    for (const name of this.#names) own[name] = columns[this.#prefix + name];
    for (const [name, type] of this.#json) own[name] = type.convertToJSValue(own[name], this.#em.getPlatform());
    return this.#em.getDriver().mapResult(own as Values, this.#meta) as Values;
  }
}
