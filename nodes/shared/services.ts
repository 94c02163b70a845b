import { dirname, sep } from 'node:path';
import type { NodeAPI } from 'node-red';
import { TokenCache } from '../../lib/auth/token-cache.js';
import { Catalog } from '../../lib/catalog/catalog.js';
import { RuleChecker } from '../../lib/catalog/check.js';
import { OverlayFile } from '../../lib/catalog/overlay.js';
import { defaultUserDir } from '../../lib/catalog/user-dir.js';
import { type Clock, systemClock } from '../../lib/clock.js';
import { AckDesk } from '../../lib/events/ack-desk.js';
import { BodyBudget } from '../../lib/events/body-budget.js';
import { FeedHub } from '../../lib/events/feed-hub.js';
import { TrafficControl } from '../../lib/http/traffic.js';
import { CatalogUpdate } from './catalog-update.js';
import type { ConnectionNode } from './connection.js';
import { WebhookPaths } from './events/webhook-paths.js';
import { FlowStart } from './flow-start.js';
import { Kept } from './kept.js';
import { RecentRequests } from './recent-requests.js';
import { SandboxHost } from './sandbox-host.js';

/** What all nodes of a Node-RED process share. */
export interface Services {
  clock: Clock;
  catalog: Catalog;
  /** Checks calls by the schemas of their contracts. */
  checker: RuleChecker;
  /** The user's own contracts. */
  overlay: OverlayFile;
  /** Why the user's own contracts cannot be read, while that holds; without the folder that they are in. */
  overlayProblem(): string | undefined;
  /** Imports and refreshes them. */
  update: CatalogUpdate;
  /** Outlives redeploys, so that they cost no token. */
  tokens: TokenCache;
  /** Outlives redeploys, as the windows of the platform do. */
  traffic: TrafficControl;
  sandbox: SandboxHost;
  /** The config nodes that run. */
  connections: Set<ConnectionNode>;
  recent: RecentRequests;
  /** One poller for each feed, however many nodes read it. */
  feeds: FeedHub;
  /** Where flows acknowledge events. Outlives redeploys: messages do, too. */
  acks: AckDesk;
  /** What nodes keep beyond a deploy. */
  kept: Kept;
  /** Where webhooks answer. */
  paths: WebhookPaths;
  /** What the bodies of all deliveries that come in may take of the memory. */
  bodies: BodyBudget;
  /** Starts nodes once the flows run. */
  flowStart: FlowStart;
}

let services: Services | undefined;

/** The shared parts; made when the first node type is registered, and handed on from there. */
export function sharedServices(RED: NodeAPI): Services {
  services ??= create(RED);
  // Node-RED may be started more than once in a process, each time with events of its own.
  services.flowStart.listen(RED);
  return services;
}

function create(RED: NodeAPI): Services {
  const clock = systemClock;
  const { overlay, overlayProblem } = overlayIn(RED, clock);
  const catalog = new Catalog({ overlay });
  const paths = new WebhookPaths();
  return {
    clock,
    catalog,
    checker: new RuleChecker(),
    overlay,
    overlayProblem,
    update: new CatalogUpdate({ overlay, clock, log: (line) => RED.log.warn(`[fenergo] ${line}`) }),
    tokens: new TokenCache({ clock, log: (line) => RED.log.debug(`[fenergo] ${line}`) }),
    traffic: new TrafficControl(clock, { log: (line) => RED.log.warn(`[fenergo] ${line}`) }),
    sandbox: new SandboxHost(catalog, clock),
    connections: new Set(),
    recent: new RecentRequests(clock),
    feeds: new FeedHub(clock),
    acks: new AckDesk(),
    kept: new Kept(),
    paths,
    bodies: new BodyBudget(),
    flowStart: new FlowStart(() => paths.settle()),
  };
}

/** The user's own contracts, and what is wrong with their file for as long as what was read before stays in force. */
function overlayIn(RED: NodeAPI, clock: Clock): Pick<Services, 'overlay' | 'overlayProblem'> {
  let last: { problem: string; inForce: unknown } | undefined;
  const folder = RED.settings.userDir ?? defaultUserDir() ?? process.cwd();
  const overlay = new OverlayFile(folder, clock, (problem) => {
    RED.log.warn(`[fenergo] ${problem}`);
    last = { problem, inForce: overlay.contracts() };
  });
  const overlayProblem = () => {
    const inForce = overlay.contracts();
    return last?.inForce === inForce ? last.problem.replaceAll(dirname(overlay.path) + sep, '') : undefined;
  };
  return { overlay, overlayProblem };
}
