import { JOURNEY_SCHEMAS, type JourneySchema, makeJourney, type PartId } from './journey-schemas.js';
import { COMPANIES, type CompanyRow, PEOPLE, type PersonRow } from './seed-names.js';
import type { Entity, Journey, Properties, Seed } from './world.js';

/** The tenants of every sandbox. */
export const SANDBOX_TENANTS: readonly { readonly id: string; readonly name: string }[] = [
  { id: '11111111-1111-4111-8111-111111111111', name: 'Harbour Bank (sandbox)' },
  { id: '22222222-2222-4222-8222-222222222222', name: 'Meridian Wealth (sandbox)' },
];

const DAY_MS = 24 * 60 * 60 * 1000;
const FIRST_DAY_MS = Date.UTC(2025, 0, 6, 9);

const KINDS = { entity: 'e', journey: 'a', stage: 'c', process: 'd', task: 'b' };

/**
 * The fixed id of something in the seed.
 *
 * @param tenant 1 or 2
 * @param number counted from 1; for a journey, entity × 100 + journey; for its parts that × 100 + part
 */
export function seedId(kind: keyof typeof KINDS, tenant: number, number: number): string {
  return `${KINDS[kind]}000000${tenant}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** What a tenant has at the start: 25 entities, each with no to three journeys. The same every time. */
export function seedOf(tenantId: string): Seed {
  const index = SANDBOX_TENANTS.findIndex(({ id }) => id === tenantId);
  const companies = (COMPANIES[index] ?? []).map(company);
  const people = (PEOPLE[index] ?? []).map(person);
  const entities = [...companies, ...people].map((part, at) => entity(tenantId, index + 1, at + 1, part));
  const journeys = entities.flatMap((owner, at) => journeysOf(owner, index + 1, at + 1));
  return { entities, journeys };
}

type Part = Pick<Entity, 'type' | 'category' | 'jurisdictions' | 'properties'>;

function company([name, country, industry]: CompanyRow, at: number): Part {
  return {
    type: 'Company',
    category: at % 3 === 2 ? ['Client', 'Related Party'] : ['Client'],
    jurisdictions: ['Global', country],
    properties: properties({
      legalEntityName: name,
      countryOfIncorporation: country,
      industry,
      registrationNumber: `SBX-${100_200 + at * 17}`,
    }),
  };
}

function person([firstName, lastName, country, dateOfBirth]: PersonRow): Part {
  return {
    type: 'Individual',
    category: ['Client'],
    jurisdictions: ['Global', country],
    properties: properties({ firstName, lastName, nationality: country, dateOfBirth }),
  };
}

function properties(values: Record<string, string>): Properties {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { type: 'Single', value }] as const),
  );
}

function entity(tenantId: string, tenant: number, number: number, part: Part): Entity {
  const created = new Date(FIRST_DAY_MS + number * 3 * DAY_MS).toISOString();
  const [riskCategory, riskLevel] = (['Low', 'Medium', 'High'] as const).map((name, at) => [name, at + 1])[
    number % 3
  ] ?? ['Low', 1];
  return {
    id: seedId('entity', tenant, number),
    tenantId,
    ...part,
    risk: { riskCategory, riskLevel },
    role: { name: 'Client' },
    accessLayers: { geographic: ['Global'], businessRelated: [] },
    version: 1,
    propertiesVersion: 1,
    created,
    lastModified: created,
  };
}

/** Entity 1 has one journey, 2 has two, 3 has three, 4 has none, and so on; the last journey is the open one. */
function journeysOf(owner: Entity, tenant: number, number: number): Journey[] {
  const count = number % 4;
  return schemasFor(number)
    .slice(0, count)
    .map((schema, at) => {
      const last = at === count - 1;
      // Every other entity with a single journey has been through it.
      const doneTasks = last && number % 8 !== 5 ? (number % 3 === 0 ? 1 : 0) : 100;
      const journeyNumber = number * 100 + at + 1;
      const startedMs = Date.parse(owner.created) + (at * 40 + 1) * DAY_MS;
      const head = {
        id: seedId('journey', tenant, journeyNumber),
        tenantId: owner.tenantId,
        entityId: owner.id,
        started: new Date(startedMs).toISOString(),
        jurisdictions: owner.jurisdictions,
      };
      return makeJourney(schema, head, partIds(tenant, journeyNumber), doneTasks);
    });
}

function schemasFor(number: number): JourneySchema[] {
  const [onboarding, review, maintenance, offboarding] = JOURNEY_SCHEMAS;
  const third = number > 20 ? offboarding : maintenance;
  return [onboarding, review, third].filter((schema) => schema !== undefined);
}

function partIds(tenant: number, journeyNumber: number): PartId {
  let part = 0;
  return (kind) => seedId(kind, tenant, journeyNumber * 100 + ++part);
}
