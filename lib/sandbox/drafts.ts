import { type Answer, conflict, invalid, missing, notFound, type Problem, success, wrong } from './answer.js';
import { draftView, entityView } from './entities.js';
import { type Call, type Handler, type Handlers, raise } from './handler.js';
import { isObject, type JsonObject, strings } from './json.js';
import { changesOf, conflictsOf, merge, propertyProblems, requiredProblems } from './properties.js';
import type { Draft, Entity } from './world.js';

/** Entity Data Command: entities, and drafts of changes to them. */
export const draftHandlers: Handlers = {
  'entitydatacommand/CreateEntity': (call) => {
    const { id, version } = createEntity(call);
    return success(202, { id, version });
  },
  'entitydatacommand/CreateEntityFullRecord': (call) => {
    const entity = createEntity(call);
    raise(call, 'entitydata:dataPublished', entityUrl(entity.id), { entityId: entity.id });
    return success(202, entityView(call.world, entity));
  },
  'entitydatacommand/CreateEntityDraft': createDraft,
  'entitydatacommand/UpdateEntityDraft': updateDraft(draftFields),
  'entitydatacommand/UpdateEntityDraftRecord': updateDraft(draftFields),
  'entitydatacommand/UpdateEntityDraftRisk': updateDraft(({ riskCategory, riskLevel }) => ({
    risk: { riskCategory, riskLevel },
  })),
  'entitydatacommand/UpdateEntityDraftRole': updateDraft(({ name }) => ({ role: { name } })),
  'entitydatacommand/UpdateEntityDraftAccessLayers': updateDraft(({ accessLayers }) => ({ accessLayers })),
  'entitydatacommand/VerifyEntityDraft': verifyDraft,
  'entitydatacommand/RejectEntityDraft': rejectDraft,
};

function createEntity(call: Call): Entity {
  const { world } = call;
  const data = dataOf(call, [
    (body) => (typeof body.type === 'string' && body.type ? [] : [missing('data.type', body.type)]),
    ({ properties }) => (isObject(properties) ? [] : [missing('data.properties', properties)]),
    ({ properties }) => propertyProblems(properties, 'data.properties'),
    ({ type, properties }) => requiredProblems(type, properties, 'data.properties'),
  ]);
  const now = world.now();
  const entity: Entity = {
    id: world.newId(),
    tenantId: world.tenantId,
    type: String(data.type),
    category: strings(data.category),
    jurisdictions: jurisdictionsOf(data) ?? ['Global'],
    properties: merge({}, changesOf(data.properties)),
    risk: null,
    role: typeof data.targetEntity === 'string' && data.targetEntity ? { name: data.targetEntity } : null,
    accessLayers: data.accessLayers ?? null,
    version: 1,
    propertiesVersion: 1,
    created: now,
    lastModified: now,
  };
  world.entities.write(entity);
  raise(call, 'entitydata:created', entityUrl(entity.id), { entityId: entity.id });
  return entity;
}

function createDraft(call: Call): Answer {
  const { world } = call;
  const entity = world.entities.latest(call.params.entityId ?? '');
  if (!entity) throw notFound('Entity');
  const data = dataOf(call, [
    ({ properties }) => propertyProblems(properties, 'data.properties'),
    ({ version }) => versionProblems(version),
  ]);
  checkVersion(data.version, entity.version);
  const { propertiesVersion: _, ...copy } = entity;
  const now = world.now();
  const draft: Draft = {
    ...copy,
    id: world.newId(),
    sourceEntityId: entity.id,
    sourceEntityVersion: entity.version,
    journeyId: typeof data.journeyId === 'string' && data.journeyId ? data.journeyId : null,
    parentDraftId: typeof data.parentDraftId === 'string' && data.parentDraftId ? data.parentDraftId : null,
    status: 'InProgress',
    base: entity.properties,
    changes: {},
    version: 1,
    created: now,
    lastModified: now,
  };
  const filled = { ...draft, ...draftFields(data, draft) };
  world.drafts.write(filled);
  tell(call, 'entitydata:draftcreated', filled);
  return success(202, draftView(filled));
}

/** An update; `fields` makes what it sets out of the request's data. Answers as the contract says. */
function updateDraft(fields: (data: JsonObject, draft: Draft) => Partial<Draft>): Handler {
  return (call) => {
    const draft = findDraft(call);
    const data = dataOf(call, [
      ({ properties }) => propertyProblems(properties, 'data.properties'),
      ({ version }) => versionProblems(version),
    ]);
    const next = save(call, openDraft(draft, data), fields(data, draft));
    tell(call, 'entitydata:draftupdated', next);
    return success(202, { version: next.version, hasValidationErrors: false });
  };
}

function verifyDraft(call: Call): Answer {
  const draft = findDraft(call);
  const data = dataOf(call, [
    ({ dataConflictResolutions }) =>
      propertyProblems(dataConflictResolutions, 'data.dataConflictResolutions'),
    ({ version }) => versionProblems(version),
  ]);
  openDraft(draft, data);
  const entity = call.world.entities.latest(draft.sourceEntityId);
  if (!entity) throw notFound('Entity');
  const resolutions = changesOf(data.dataConflictResolutions);
  const unresolved = conflictsOf(draft.base, entity.properties, draft.changes).filter(
    (name) => !Object.hasOwn(resolutions, name),
  );
  if (unresolved.length > 0) {
    const why =
      'There are conflicts that cannot be resolved automatically, get latest and apply your changes';
    throw conflict(`${why}: ${unresolved.join(', ')}`);
  }
  const next = save(call, draft, { status: 'Verified' });
  const merged = publish(call, entity, draft, merge(merge(entity.properties, draft.changes), resolutions));
  tell(call, 'entitydata:draftverified', next);
  raise(call, 'entitydata:dataPublished', entityUrl(merged.id), { entityId: merged.id, draftId: draft.id });
  return success(202, draftView(next));
}

function publish(call: Call, entity: Entity, draft: Draft, properties: Entity['properties']): Entity {
  const { type, category, jurisdictions, risk, role, accessLayers } = draft;
  const merged: Entity = {
    ...entity,
    ...{ type, category, jurisdictions, risk, role, accessLayers, properties },
    version: entity.version + 1,
    propertiesVersion: entity.propertiesVersion + 1,
    lastModified: call.world.now(),
  };
  call.world.entities.write(merged);
  return merged;
}

function rejectDraft(call: Call): Answer {
  const draft = findDraft(call);
  const data = dataOf(call, [({ version }) => versionProblems(version)]);
  const next = save(call, openDraft(draft, data), { status: 'Rejected' });
  tell(call, 'entitydata:draftrejected', next);
  return success(202, draftView(next));
}

/** What `data` of a draft request sets. Properties are merged by name; null removes one. */
function draftFields(data: JsonObject, draft: Draft): Partial<Draft> {
  const changes = { ...draft.changes, ...changesOf(data.properties) };
  const category = strings(data.category);
  return {
    changes,
    properties: merge(draft.base, changes),
    category: category.length > 0 ? category : draft.category,
    jurisdictions: jurisdictionsOf(data) ?? draft.jurisdictions,
    type: typeof data.entityType === 'string' && data.entityType ? data.entityType : draft.type,
  };
}

/** Names of jurisdictions in any of the forms of the contracts: names, `{ jurisdiction }`, `{ name }`. */
function jurisdictionsOf(data: JsonObject): string[] | undefined {
  const list = data.jurisdictions ?? data.policyJurisdictions;
  if (!Array.isArray(list)) return undefined;
  const names = strings(list.map((item) => (isObject(item) ? (item.jurisdiction ?? item.name) : item)));
  return names.length > 0 ? names : undefined;
}

function findDraft(call: Call): Draft {
  const draft = call.world.drafts.latest(call.params.id ?? '');
  if (!draft || draft.sourceEntityId !== call.params.entityId?.toLowerCase()) {
    throw notFound('Entity/entity draft');
  }
  return draft;
}

/** The draft, when it may still be changed and is the one that the caller knows. */
function openDraft(draft: Draft, data: JsonObject): Draft {
  if (draft.status !== 'InProgress') throw conflict(`The draft is ${draft.status} already`);
  checkVersion(data.version, draft.version);
  return draft;
}

function versionProblems(version: unknown): Problem[] {
  if (version === undefined || version === null || Number.isInteger(version)) return [];
  return [wrong('data.version', "'version' must be a whole number.", version)];
}

/** Without a version, or with -1, there is no check: so say the contracts. */
function checkVersion(expected: unknown, current: number): void {
  if (expected === undefined || expected === null || expected === -1 || expected === current) return;
  throw conflict(
    `Conflict saving changes in expected version ${expected}: the current version is ${current}`,
  );
}

function save(call: Call, draft: Draft, fields: Partial<Draft>): Draft {
  const next = { ...draft, ...fields, version: draft.version + 1, lastModified: call.world.now() };
  call.world.drafts.write(next);
  return next;
}

function tell(call: Call, eventType: string, { id, sourceEntityId }: Draft): void {
  const payload = { entityId: sourceEntityId, draftId: id };
  raise(call, eventType, `${entityUrl(sourceEntityId)}/draft/${id}`, payload);
}

function entityUrl(entityId: string): string {
  return `entitydataquery/api/entity/${entityId}`;
}

function dataOf(call: Call, checks: readonly ((data: JsonObject) => Problem[])[]): JsonObject {
  const data = isObject(call.body) ? call.body.data : undefined;
  if (!isObject(data)) throw invalid([missing('data', data)]);
  const problems = checks.flatMap((check) => check(data));
  if (problems.length > 0) throw invalid(problems);
  return data;
}
