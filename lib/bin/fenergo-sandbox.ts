#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Catalog } from '../catalog/catalog.js';
import {
  type FaultRule,
  type Plan,
  readFaultPlan,
  type Sandbox,
  seedId,
  startSandbox,
} from '../sandbox/sandbox.js';

const HELP = `Usage: fenergo-sandbox [options]

Runs a stand-in of the Fenergo platform on this machine (127.0.0.1 only).
Any client id and secret are accepted, except an id of "invalid".

Options:
  --port <number>           port to listen on, 0 for any free one (default 4010)
  --plan <plan>             published limits to keep to: production, sdlc or none (default production)
  --consistency <ms>        how far reads are behind writes, in milliseconds (default 500)
  --token-seconds <number>  life of an access token, in seconds (default 900)
  --feed-batch <number>     the most notifications in one batch of a feed (default 100)
  --redelivery <ms>         after this time a batch that was not completed comes again (default 300000)
  --webhook-retries <n>     tries again before a webhook is disabled: after 1, 2, 4, ... seconds (default 5)
  --faults <file.json>      a fault plan: a JSON list of rules
  --help                    this text

While it runs:
  GET, PUT, DELETE /sandbox/faults     the fault plan
  POST /sandbox/events                 makes an event happen: { "tenantId", "eventType", "relativeUrl",
                                       "payload", "correlationId", "causationId", "count" }
  POST /sandbox/duplicates             gives the next notifications twice: { "tenantId", "count",
                                       "feedId" and "place" ("later" or "same" batch), or "webhookId" }
  GET /sandbox/feeds, /sandbox/webhooks, /sandbox/stats     what is waiting, open, done
  POST /sandbox/reset, /sandbox/revoke-tokens
`;

const USAGE_ERROR = 2;

/** What the command line asks for. */
interface Settings {
  port: number;
  plan: Plan;
  consistencyMs: number;
  tokenSeconds: number;
  feedBatchSize: number;
  feedRedeliveryMs: number;
  webhookRetries: number;
  faults: FaultRule[];
}

/** A mistake on the command line. */
class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const settings = readSettings(args);
  if (!settings) return void process.stdout.write(HELP);
  const { faults, ...options } = settings;
  const sandbox = await startSandbox({ ...options, operations: new Catalog().all() });
  sandbox.setFaults(faults);
  sandbox.keepAlive();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
  process.stdout.write(greeting(sandbox));
}

/** @returns undefined when help is asked for */
function readSettings(args: string[]): Settings | undefined {
  const { values } = parseCommandLine(args);
  if (values.help) return undefined;
  const plan = values.plan ?? 'production';
  if (plan !== 'production' && plan !== 'sdlc' && plan !== 'none') {
    throw new UsageError(`--plan must be production, sdlc or none, not '${plan}'`);
  }
  return {
    plan,
    port: wholeNumber('--port', values.port ?? '4010', 0, 65_535),
    consistencyMs: wholeNumber('--consistency', values.consistency ?? '500', 0, 3_600_000),
    tokenSeconds: wholeNumber('--token-seconds', values['token-seconds'] ?? '900', 1, 86_400),
    feedBatchSize: wholeNumber('--feed-batch', values['feed-batch'] ?? '100', 1, 10_000),
    feedRedeliveryMs: wholeNumber('--redelivery', values.redelivery ?? '300000', 1, 86_400_000),
    webhookRetries: wholeNumber('--webhook-retries', values['webhook-retries'] ?? '5', 0, 30),
    faults: values.faults === undefined ? [] : readFaultsFile(values.faults),
  };
}

function parseCommandLine(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string' },
        plan: { type: 'string' },
        consistency: { type: 'string' },
        'token-seconds': { type: 'string' },
        'feed-batch': { type: 'string' },
        redelivery: { type: 'string' },
        'webhook-retries': { type: 'string' },
        faults: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not '${text}'`);
}

function readFaultsFile(file: string): FaultRule[] {
  try {
    return readFaultPlan(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UsageError(`--faults ${file}: ${(error as Error).message}`);
  }
}

function greeting(sandbox: Sandbox): string {
  const [first] = sandbox.tenants;
  return `Fenergo sandbox on ${sandbox.url}

Tenants:
${sandbox.tenants.map(({ id, name }) => `  ${id}  ${name}`).join('\n')}

Try it:
  TOKEN=$(curl -s ${sandbox.tokenUrl} -d grant_type=client_credentials -d client_id=me -d client_secret=secret -d scope=fenx.all | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s ${sandbox.apiUrl}/entitydataquery/api/v2/entity/${seedId('entity', 1, 1)} -H "Authorization: Bearer $TOKEN" -H "x-tenant-id: ${first?.id}"

Stop it with Ctrl+C.
`;
}

/** What went wrong, in words that help, and the exit code for it. */
function explain(error: unknown, args: string[]): { message: string; exitCode: number } {
  const { message, code } = error as NodeJS.ErrnoException;
  if (error instanceof UsageError) {
    return { message: `${message}\nSee fenergo-sandbox --help`, exitCode: USAGE_ERROR };
  }
  const port = readSettings(args)?.port;
  if (code === 'EADDRINUSE') {
    return {
      message: `Port ${port} is in use: give another one with --port, or 0 for any free one`,
      exitCode: 1,
    };
  }
  if (code === 'EACCES')
    return { message: `Port ${port} is not allowed: give another one with --port`, exitCode: 1 };
  return { message, exitCode: 1 };
}

const commandLine = process.argv.slice(2);
main(commandLine).catch((error: unknown) => {
  const { message, exitCode } = explain(error, commandLine);
  process.stderr.write(`fenergo-sandbox: ${message}\n`);
  process.exitCode = exitCode;
});
