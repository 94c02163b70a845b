/**
 * The API's scopes and which service needs which. Facts: the vendor's public scope list, surveyed 2026-09-09.
 * The rule from service to scope is read off the names; where no scope bears the service's name, none is claimed.
 */

/** The identity server refuses a longer scope parameter. */
export const MAX_SCOPE_LENGTH = 300;

/** Each name N stands for `fenx.N.read` and `fenx.N.write`. */
const READ_WRITE = [
  'agents',
  'association',
  'authorization',
  'bulkload',
  'businessmetrics',
  'changemanagement',
  'configbaseline',
  'configreleasehub',
  'creditassessment',
  'creditscreening',
  'dashboard.advanced',
  'datamigration',
  'dataprotection',
  'digitalidv',
  'docgen',
  'documents',
  'entitydata',
  'externalauthentication',
  'externaldata',
  'externaldata.outreach',
  'externaldatapolicy',
  'financialanalysis',
  'identity.clientmanagement',
  'identity.secretmanagement',
  'identity.usermanagement',
  'impactassessment',
  'isda',
  'journey',
  'localisation',
  'lookup',
  'narrative',
  'outreach',
  'policy',
  'policyexternaladapter',
  'portal-tenant',
  'product',
  'productpolicy',
  'reports',
  'review',
  'risk',
  'screening',
  'shareddatatemplate',
  'smartdocs',
  'tenant',
  'transferagency',
];
const READ_ONLY = ['audit', 'dashboards', 'reporting'];
const WRITE_ONLY = ['etl'];
/** Names without a read and a write half. */
const SINGLE = [
  'comments',
  'dataprotection.deleteentitydata',
  'eventingress',
  'eventnotifications',
  'integrations',
  'integrations.execution',
  'loggingcentre',
  'policyagent',
  'significance.rule.access',
  'webhooks',
];
const SCIM = ['query', 'add', 'update', 'delete', 'bulk'].map((right) => `scimapi.resource.${right}`);

/** Every scope that an API client can be given, the widest first. */
export const KNOWN_SCOPES: readonly string[] = [
  'fenx.all',
  ...[
    ...READ_WRITE.flatMap((name) => [`fenx.${name}.read`, `fenx.${name}.write`]),
    ...READ_ONLY.map((name) => `fenx.${name}.read`),
    ...WRITE_ONLY.map((name) => `fenx.${name}.write`),
    ...SINGLE.map((name) => `fenx.${name}`),
  ].sort(),
  ...SCIM,
];

/** Services whose scope bears another name. */
const SCOPE_NAME: Record<string, string> = {
  documentmanagement: 'documents',
  externaloutreach: 'externaldata.outreach',
  portaltenant: 'portal-tenant',
  'portal-bff': 'portal-tenant',
  advanceddashboard: 'dashboard.advanced',
  digitalagents: 'agents',
  significance: 'significance.rule.access',
};

const SERVICE_KIND = /(command|query|receptor|bff|logicengine)$/;

/** Whether a service only reads: repeating a call to it is always safe (CQRS: `…query` reads, `…command` writes). */
export function isQueryService(service: string): boolean {
  return service.endsWith('query');
}

/**
 * The scope that a call needs.
 *
 * @param service for example `entitydatacommand`
 * @param method for example `POST`
 * @returns for example `fenx.entitydata.write`, or undefined where the scope is not known
 */
export function scopeFor(service: string, method: string): string | undefined {
  if (service === 'scim') {
    const right = { GET: 'query', POST: 'add', PUT: 'update', PATCH: 'update', DELETE: 'delete' }[method];
    return right && `scimapi.resource.${right}`;
  }
  const stem = service.replace(SERVICE_KIND, '');
  const name = SCOPE_NAME[service] ?? SCOPE_NAME[stem] ?? stem;
  if (SINGLE.includes(name)) return `fenx.${name}`;
  const reads = isQueryService(service) || method === 'GET' || method === 'HEAD';
  if (READ_ONLY.includes(name)) return `fenx.${name}.read`;
  if (WRITE_ONLY.includes(name)) return `fenx.${name}.write`;
  return READ_WRITE.includes(name) ? `fenx.${name}.${reads ? 'read' : 'write'}` : undefined;
}

/** The scopes in a space-separated list. */
export function scopeList(scope: string): string[] {
  return scope.split(/\s+/).filter(Boolean);
}

/**
 * Whether a scope is among those granted. `fenx.all` holds every `fenx.` scope.
 *
 * @param granted space-separated
 * @param needed one scope
 */
export function grants(granted: string, needed: string): boolean {
  const scopes = scopeList(granted);
  return scopes.includes(needed) || (needed.startsWith('fenx.') && scopes.includes('fenx.all'));
}
