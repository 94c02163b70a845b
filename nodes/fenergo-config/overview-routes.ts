import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import type { Source } from '../../lib/catalog/operation.js';
import { OVERLAY_FILE } from '../../lib/catalog/overlay.js';
import { AdminAnswers } from '../shared/admin-answer.js';
import type { ConnectionFacts } from '../shared/connection.js';
import { editorIdOf } from '../shared/editor-id.js';
import type { RecentRequest } from '../shared/recent-requests.js';
import type { Services } from '../shared/services.js';

/** What the sidebar shows. */
export interface Overview {
  /** The connections that run. */
  connections: ConnectionOverview[];
  /** The last calls, newest first. */
  requests: RecentRequest[];
  catalog: CatalogOverview;
}

export interface ConnectionOverview extends ConnectionFacts {
  id: string;
  /** Empty when the node has none. */
  name: string;
}

export interface CatalogOverview {
  /** How many there are to choose from. */
  operations: number;
  services: number;
  /** The user's own. */
  contracts: { service: string; version: string; operations: number; source: Source }[];
  /** The name of the file that holds them. */
  file: string;
  /** Why that file cannot be read, while that holds. */
  problem?: string;
  /** Whether an import or a refresh is under way. */
  updating: boolean;
}

const PERMISSION = 'fenergo-config.read';

/** Adds `GET fenergo/overview`: connections, last calls and catalog as they are now. Nothing secret is in it. */
export function registerOverviewRoute(RED: NodeAPI, services: Services): void {
  const answers = new AdminAnswers();
  RED.httpAdmin.get(
    '/fenergo/overview',
    RED.auth.needsPermission(PERMISSION),
    (request: Request, response: Response) => answers.sendOnce(request, response, overviewOf(services)),
  );
}

function overviewOf(services: Services): Overview {
  return {
    connections: [...services.connections].map((node) => ({
      id: editorIdOf(node),
      name: node.name ?? '',
      ...node.connection.facts(),
    })),
    requests: services.recent.list(),
    catalog: catalogOf(services),
  };
}

function catalogOf({ catalog, overlay, overlayProblem, update }: Services): CatalogOverview {
  // One look for the whole answer, else the file may change between its parts.
  overlay.lookAgain();
  const services = catalog.services();
  const versions = services.flatMap((service) => service.versions);
  return {
    operations: versions.reduce((sum, { operations }) => sum + operations, 0),
    services: services.length,
    contracts: overlay.contracts().map(({ service, version, operations, source }) => {
      const { from, name, at } = source;
      return { service, version, operations: operations.length, source: { from, name, at } };
    }),
    file: OVERLAY_FILE,
    problem: overlayProblem(),
    updating: update.state().state === 'running',
  };
}
