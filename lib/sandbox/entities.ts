import { isDeepStrictEqual } from 'node:util';
import { invalid, missing, notFound, success, wrong } from './answer.js';
import type { Call, Handlers } from './handler.js';
import { lifecycleOf } from './journeys.js';
import { isObject, type JsonObject, strings } from './json.js';
import { nameOf } from './properties.js';
import type { Draft, Entity, World } from './world.js';

/** The contract allows pages of 0 to 100; 0, which stands for "not given", gets this. */
const DEFAULT_PAGE_SIZE = 10;
const MAX_PAGE_SIZE = 100;

/**
 * Entity Data Query.
 *
 * `SearchByName` answers a bare list, as its contract says; the paged lists answer `{ items, total }`, and go on from
 * `data.searchAfter`: the value of the sort column in the last item that the caller has.
 */
export const entityHandlers: Handlers = {
  'entitydataquery/GetEntityById': (call) => success(200, entityView(call.world, visibleEntity(call, 'id'))),

  'entitydataquery/SearchByName': (call) => {
    const data = dataOf(call);
    if (typeof data.name !== 'string' || data.name.trim() === '') {
      throw invalid([missing('data.name', data.name)]);
    }
    const wanted = fold(data.name.trim());
    const found = call.world.entities.allVisible().filter((entity) => fold(nameOf(entity)).includes(wanted));
    const { items } = pageOf(found, data);
    return success(
      200,
      items.map((entity) => entityView(call.world, entity)),
    );
  },

  'entitydataquery/GetEntitiesPagedList': (call) => {
    const data = dataOf(call);
    const { items, total } = pageOf(call.world.entities.allVisible(), data);
    const attributes = strings(data.attributes);
    return success(200, { items: items.map((entity) => entityView(call.world, entity, attributes)), total });
  },

  'entitydataquery/GetEntitiesList': (call) => {
    const data = dataOf(call);
    if (!Array.isArray(data.ids)) throw invalid([missing('data.ids', data.ids)]);
    const attributes = strings(data.attributes);
    const found = strings(data.ids).map((id) => call.world.entities.visible(id));
    const entities = found.filter((entity) => entity !== undefined);
    return success(
      200,
      entities.map((entity) => entityView(call.world, entity, attributes)),
    );
  },

  'entitydataquery/GetEntityDrafts': (call) => success(200, visibleDrafts(call).map(draftView)),

  'entitydataquery/GetEntityDraftsIds': (call) =>
    success(
      200,
      visibleDrafts(call).map(({ id }) => id),
    ),

  'entitydataquery/GetEntityDraftById': (call) => {
    const draft = call.world.drafts.visible(call.params.id ?? '');
    if (draft?.sourceEntityId !== call.params.entityId?.toLowerCase()) throw notFound('Entity/entity draft');
    return success(200, draft && draftView(draft));
  },

  'entitydataquery/GetEntityDraftProposedChanges': (call) => {
    const draft = call.world.drafts.visible(call.params.entityDraftId ?? '');
    if (!draft) throw notFound('Entity/entity draft');
    const changes = Object.entries(draft.changes).filter(
      ([name, value]) => !isDeepStrictEqual(draft.base[name] ?? null, value),
    );
    return success(
      200,
      changes.map(([dataKey, newValue]) => {
        const existingValue = draft.base[dataKey] ?? null;
        const changeType = newValue === null ? 'Delete' : existingValue === null ? 'Add' : 'Edit';
        return { dataKey, existingValue, newValue, changeType };
      }),
    );
  },
};

/** An entity as an answer shows it; `attributes` names the properties to show, none: all. */
export function entityView(world: World, entity: Entity, attributes: readonly string[] = []) {
  const properties = Object.entries(entity.properties).filter(
    ([name]) => attributes.length === 0 || attributes.includes(name),
  );
  return {
    ...entity,
    properties: Object.fromEntries(properties),
    lifecycleStatus: lifecycleOf(world, entity.id),
  };
}

/** A draft as an answer shows it. */
export function draftView({ base: _, changes: __, ...draft }: Draft) {
  return draft;
}

function visibleEntity(call: Call, param: string): Entity {
  const entity = call.world.entities.visible(call.params[param] ?? '');
  if (!entity) throw notFound('Entity');
  return entity;
}

function visibleDrafts(call: Call): Draft[] {
  const { id } = visibleEntity(call, 'entityId');
  return call.world.drafts.allVisible().filter(({ sourceEntityId }) => sourceEntityId === id);
}

/** One page of a list, by `data.pager` and `data.searchAfter`. */
function pageOf(entities: readonly Entity[], data: JsonObject): { items: Entity[]; total: number } {
  const pager = isObject(data.pager) ? data.pager : {};
  const { size, from } = { size: pager.size ?? 0, from: pager.from ?? 0 };
  const problems = [];
  if (!isWhole(size, MAX_PAGE_SIZE)) {
    problems.push(wrong('data.pager.size', `'size' must be between 0 and ${MAX_PAGE_SIZE}.`, size));
  }
  if (!isWhole(from, Number.MAX_SAFE_INTEGER)) {
    problems.push(wrong('data.pager.from', "'from' must be greater than or equal to 0.", from));
  }
  const down = isDescending(pager.sortOrder);
  if (down === undefined) {
    problems.push(wrong('data.pager.sortOrder', "'sortOrder' must be 0 or 1.", pager.sortOrder));
  }
  if (problems.length > 0) throw invalid(problems);
  const column = typeof pager.sortBy === 'string' && pager.sortBy ? pager.sortBy : 'created';
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
  const sorted = entities.toSorted((a, b) => order(sortKey(a, column), sortKey(b, column)));
  const after = typeof data.searchAfter === 'string' ? data.searchAfter : '';
  const rest = after ? sorted.filter((entity) => order(sortKey(entity, column), after) > 0) : sorted;
  const start = after ? 0 : Number(from);
  return { items: rest.slice(start, start + (Number(size) || DEFAULT_PAGE_SIZE)), total: entities.length };
}

function isWhole(value: unknown, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max;
}

/** The contract's sort order is an enumeration; both its number and its name are taken. */
function isDescending(order: unknown): boolean | undefined {
  if (order === undefined || order === null || order === 0) return false;
  if (order === 1) return true;
  const word = String(order).toLowerCase();
  if (word === 'ascending' || word === 'asc') return false;
  return word === 'descending' || word === 'desc' ? true : undefined;
}

/** `name`, a member such as `created`, or a property. */
function sortKey(entity: Entity, column: string): string {
  if (column === 'name') return nameOf(entity);
  const own = Object.hasOwn(entity, column) ? entity[column as keyof Entity] : undefined;
  const property = Object.hasOwn(entity.properties, column) ? entity.properties[column]?.value : undefined;
  const value = own ?? property;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** For comparing names whatever their case and the way their accents are encoded. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function dataOf(call: Call): JsonObject {
  const data = isObject(call.body) ? call.body.data : undefined;
  if (!isObject(data)) throw invalid([missing('data', data)]);
  return data;
}
