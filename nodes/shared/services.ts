import type { NodeAPI } from 'node-red';
import { TokenCache } from '../../lib/auth/token-cache.js';
import { Catalog } from '../../lib/catalog/catalog.js';
import { OverlayFile } from '../../lib/catalog/overlay.js';
import { type Clock, systemClock } from '../../lib/clock.js';
import { SandboxHost } from './sandbox-host.js';

/** What all nodes of a Node-RED process share. */
export interface Services {
  clock: Clock;
  catalog: Catalog;
  /** Outlives redeploys, so that they cost no token. */
  tokens: TokenCache;
  sandbox: SandboxHost;
}

let services: Services | undefined;

/** The shared parts; made when the first node type is registered, and handed on from there. */
export function sharedServices(RED: NodeAPI): Services {
  services ??= create(RED);
  return services;
}

function create(RED: NodeAPI): Services {
  const clock = systemClock;
  const overlay = new OverlayFile(RED.settings.userDir ?? process.cwd(), clock, (problem) =>
    RED.log.warn(`[fenergo] ${problem}`),
  );
  const catalog = new Catalog({ overlay });
  return {
    clock,
    catalog,
    tokens: new TokenCache({ clock, log: (line) => RED.log.debug(`[fenergo] ${line}`) }),
    sandbox: new SandboxHost(catalog, clock),
  };
}
