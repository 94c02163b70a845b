import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import { SecretMemory } from '../../lib/events/secret-memory.js';
import { normalPath, publicUrl, sameUrl } from '../../lib/events/webhook-path.js';
import {
  platformTypes,
  type RegistrationState,
  type WebhookApi,
  type WebhookConfig,
  WebhookRegistration,
  type WebhookView,
  type WebhookWish,
} from '../../lib/events/webhook-registration.js';
import { ManualClock } from '../support/manual-clock.js';

const URL_OF_NODE = 'https://hooks.example.com/red/fenergo/abc';
const WISH: WebhookWish = {
  name: 'Node-RED',
  url: URL_OF_NODE,
  secret: 'hush',
  eventTypes: ['entitydata:created'],
  type: 'Single',
  batchSize: 100,
};

/** A platform of the test's own: what it was asked for, and what it has. */
class FakeApi implements WebhookApi {
  webhooks: WebhookView[] = [];
  calls: [string, ...unknown[]][] = [];
  /** Thrown by the next calls, whichever they are. */
  failures: unknown[] = [];

  async #called(...call: [string, ...unknown[]]): Promise<void> {
    this.calls.push(call);
    if (this.failures.length > 0) throw this.failures.shift();
  }
  async list(): Promise<WebhookView[]> {
    await this.#called('list');
    return this.webhooks.map(({ emailAddresses: _, ...view }) => view);
  }
  async add(config: WebhookConfig): Promise<string> {
    await this.#called('add', config);
    const id = `w${this.webhooks.length + 1}`;
    const { secret: _, enabled, ...view } = config;
    this.webhooks.push({ id, status: enabled ? 'Enabled' : 'UserDisabled', ...view });
    return id;
  }
  async get(id: string): Promise<WebhookView> {
    await this.#called('get', id);
    return this.webhooks.find((webhook) => webhook.id === id) as WebhookView;
  }
  async update(id: string, config: WebhookConfig): Promise<void> {
    await this.#called('update', id, config);
    const { secret: _, enabled, ...view } = config;
    const status = enabled ? 'Enabled' : 'UserDisabled';
    this.webhooks = this.webhooks.map((one) => (one.id === id ? { ...one, ...view, status } : one));
  }
  async remove(id: string): Promise<void> {
    await this.#called('remove', id);
    this.webhooks = this.webhooks.filter((webhook) => webhook.id !== id);
  }
  async test(id: string) {
    await this.#called('test', id);
    return { status: 'Successful', httpStatusCode: 200 };
  }
  /** What it was asked to change since the last look. */
  changes(): [string, ...unknown[]][] {
    const changes = this.calls.filter(([name]) => name !== 'list' && name !== 'get');
    this.calls = [];
    return changes;
  }
}

const webhook = (given: Partial<WebhookView> = {}): WebhookView => ({
  id: 'w1',
  name: 'Node-RED',
  url: URL_OF_NODE,
  status: 'Enabled',
  eventTypes: ['entitydata:created'],
  emailAddresses: ['someone@example.com'],
  type: 'Single',
  batchSize: null,
  ...given,
});

describe('the registration of a webhook', () => {
  let api: FakeApi;
  let clock: ManualClock;
  let kept: unknown;
  let states: RegistrationState[];
  const memory = () =>
    new SecretMemory({
      load: async () => kept,
      save: async (value) => {
        kept = value;
      },
    });
  const registration = (wish: Partial<WebhookWish> = {}) =>
    new WebhookRegistration({
      api,
      wish: { ...WISH, ...wish },
      memory: memory(),
      clock,
      random: () => 1,
      onState: (state) => states.push(state),
    });
  beforeEach(() => {
    api = new FakeApi();
    clock = new ManualClock();
    kept = undefined;
    states = [];
  });

  it('adds what is not there', async () => {
    api.webhooks = [webhook({ id: 'other', url: 'https://hooks.example.com/red/fenergo/abcd' })];
    await registration().run();
    api.changes().should.deepEqual([
      [
        'add',
        {
          name: 'Node-RED',
          url: URL_OF_NODE,
          secret: 'hush',
          enabled: true,
          eventTypes: ['entitydata:created'],
          emailAddresses: [],
          type: 'Single',
        },
      ],
    ]);
    states.should.deepEqual([
      { state: 'registering' },
      { state: 'registered', webhookId: 'w2', did: 'added' },
    ]);
  });

  it('leaves alone what is right, the second time', async () => {
    await registration().run();
    api.changes();
    await registration().run();
    api.changes().should.be.empty();
    should(states.at(-1)).deepEqual({ state: 'registered', webhookId: 'w1', did: 'nothing' });
  });

  it('sends the secret where it is not known to be there, and only there', async () => {
    api.webhooks = [webhook()];
    const secrets = [];
    for (const secret of ['hush', 'hush', 'new', 'new', 'hush']) {
      await registration({ secret }).run();
      secrets.push(...api.changes().map(([, , config]) => (config as WebhookConfig).secret));
    }
    secrets.should.deepEqual(['hush', 'new', 'hush']);
    await registration({ name: 'Other' }).run();
    should((api.changes()[0]?.[2] as object) ?? {}).not.have.property('secret');
  });

  it('keeps no secret, and what it keeps tells nothing of it', async () => {
    await registration().run();
    const first = JSON.stringify(kept);
    first.should.not.containEql('hush');
    kept = undefined;
    await registration().run();
    JSON.stringify(kept).should.not.equal(first);
    (await memory().knows('w1', 'hush')).should.be.true();
    (await memory().knows('w1', 'Hush')).should.be.false();
    (await memory().knows('w2', 'hush')).should.be.false();
    for (const odd of [7, 'text', [], {}, { webhookId: 'w1', salt: 'x', fingerprint: 'eA==' }]) {
      kept = odd;
      (await memory().knows('w1', 'hush')).should.be.false();
    }
  });

  for (const [what, there] of [
    ['name', { name: 'Old' }],
    ['types', { eventTypes: ['*'] }],
    ['kind', { type: 'Batch', batchSize: 100 }],
    ['URL, by a slash', { url: `${URL_OF_NODE}/` }],
    ['URL, by the case of its host', { url: URL_OF_NODE.replace('hooks', 'HOOKS') }],
  ] as [string, Partial<WebhookView>][]) {
    it(`updates another ${what}, and leaves the rest`, async () => {
      await registration().run();
      api.webhooks = [webhook(there)];
      api.changes();
      await registration().run();
      const [[name, id, config] = []] = api.changes();
      should([name, id]).deepEqual(['update', 'w1']);
      should(config).deepEqual({
        name: 'Node-RED',
        url: URL_OF_NODE,
        enabled: true,
        eventTypes: ['entitydata:created'],
        emailAddresses: ['someone@example.com'],
        type: 'Single',
      });
      await registration().run();
      api.changes().should.be.empty();
    });
  }

  it('takes types in another order for the same, and of a batch the size', async () => {
    const wish = { type: 'Batch', batchSize: 20, eventTypes: ['b:b', 'a:a'] } as const;
    await registration(wish).run();
    api.webhooks = [webhook({ type: 'Batch', batchSize: 20, eventTypes: ['a:a', 'b:b'] })];
    api.changes();
    await registration(wish).run();
    api.changes().should.be.empty();
    await registration({ ...wish, batchSize: 30 }).run();
    should(api.changes()[0]?.[2]).have.property('batchSize', 30);
  });

  it('enables with an update what the platform has disabled, but not what somebody has', async () => {
    const enabled = [];
    for (const status of ['SystemDisabled', 'Retrying', 'UserDisabled']) {
      api.webhooks = [webhook({ status, name: 'Old' })];
      await registration().run();
      enabled.push(...api.changes().map(([, , config]) => (config as WebhookConfig).enabled));
    }
    enabled.should.deepEqual([true, true, false]);
  });

  it('changes nothing of a disabled webhook that is right', async () => {
    await registration().run();
    api.webhooks = [webhook({ status: 'SystemDisabled' })];
    api.changes();
    await registration().run();
    api.changes().should.be.empty();
  });

  it('tells clearly of the limit, and does not try again', async () => {
    api.webhooks = Array.from({ length: 10 }, (_, index) =>
      webhook({ id: `x${index}`, name: `Hook ${index}`, url: `https://example.com/${index}` }),
    );
    await registration().run();
    api.changes().should.be.empty();
    const last = states.at(-1) as { error: FenergoError };
    last.should.have.property('state', 'failed').and.not.have.property('againInMs');
    last.error.code.should.equal('FENERGO_VALIDATION');
    last.error.message.should.match(/10 webhooks already.*no more.*Hook 0, Hook 1/);
    should(clock.pending).equal(0);
  });

  it('tells the same when somebody else was faster', async () => {
    const refusal = 'Adding a webhook: the maximum number of 10 webhooks is reached';
    api.add = async () => {
      throw new FenergoError('FENERGO_VALIDATION', refusal);
    };
    await registration().run();
    (states.at(-1) as { error: FenergoError }).error.message.should.match(/10 webhooks already/);
  });

  it('still updates its own when there are ten', async () => {
    api.webhooks = Array.from({ length: 10 }, (_, index) =>
      webhook({ id: `w${index}`, url: index === 9 ? URL_OF_NODE : `https://example.com/${index}` }),
    );
    await registration().run();
    should(states.at(-1)).have.properties({ state: 'registered', webhookId: 'w9' });
  });

  for (const code of ['FENERGO_NETWORK', 'FENERGO_SERVER', 'FENERGO_AUTH', 'FENERGO_UNAVAILABLE'] as const) {
    it(`tries again after ${code}, in 1, 2, 4 s`, async () => {
      api.failures = Array.from({ length: 3 }, () => new FenergoError(code, 'no'));
      const running = registration().run();
      for (const pauseMs of [1000, 2000, 4000]) {
        while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
        should(states.at(-1)).have.properties({ state: 'failed', againInMs: pauseMs });
        clock.advance(pauseMs);
      }
      await running;
      should(states.at(-1)).have.property('did', 'added');
    });
  }

  for (const code of ['FENERGO_CONFIG', 'FENERGO_FORBIDDEN', 'FENERGO_VALIDATION'] as const) {
    it(`waits for somebody to do something after ${code}`, async () => {
      api.failures = [new FenergoError(code, 'no')];
      await registration().run();
      should(states.at(-1)).not.have.property('againInMs');
      should(clock.pending).equal(0);
    });
  }

  it('finds what was added though the answer got lost', async () => {
    const add = api.add.bind(api);
    api.add = async (config) => {
      await add(config);
      throw new FenergoError('FENERGO_NETWORK', 'broken');
    };
    const running = registration().run();
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
    await running;
    api.webhooks.should.have.length(1);
    should(states.at(-1)).have.property('state', 'registered');
  });

  it('ends when it is closed, in a pause or in a call, and says no more', async () => {
    for (const code of ['FENERGO_NETWORK', 'FENERGO_ABORTED'] as const) {
      api.failures = [new FenergoError(code, 'no')];
      const one = registration();
      const running = one.run();
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      states.length = 0;
      one.close();
      await running;
      states.should.be.empty();
      should(clock.pending).equal(0);
    }
  });

  describe('by hand', () => {
    it('shows the webhook as it is', async () => {
      should(await registration().look()).equal(undefined);
      api.webhooks = [webhook({ status: 'Retrying' })];
      should(await registration().look()).have.property('status', 'Retrying');
    });

    it('tests', async () => {
      api.webhooks = [webhook()];
      should(await registration().test()).deepEqual({ status: 'Successful', httpStatusCode: 200 });
    });

    it('enables, whoever disabled it', async () => {
      for (const status of ['SystemDisabled', 'UserDisabled']) {
        api.webhooks = [webhook({ status })];
        await registration().enable();
        should(api.webhooks[0]?.status).equal('Enabled');
        should(states.at(-1)).have.property('state', 'registered');
      }
    });

    it('sends the secret with it, also one that it has sent before: somebody may have changed it there', async () => {
      const one = registration();
      await one.run();
      api.changes();
      for (const status of ['SystemDisabled', 'Enabled']) {
        api.webhooks = [webhook({ status })];
        await one.enable();
        should(api.changes()[0]?.[2]).have.properties({ secret: 'hush', enabled: true });
      }
    });

    it('removes, and knows of no secret then', async () => {
      await registration().run();
      await registration().remove();
      api.webhooks.should.be.empty();
      should(kept).equal(undefined);
      should(states.at(-1)).deepEqual({ state: 'removed' });
    });

    it('says where there is nothing', async () => {
      for (const act of ['test', 'enable', 'remove'] as const) {
        await should(registration()[act]()).be.rejectedWith(/no webhook for https:.*deploy/);
      }
    });
  });
});

describe('the types that a platform is asked for', () => {
  for (const [wanted, types] of [
    [[], ['*']],
    [['*', 'a:b'], ['*']],
    [
      ['EntityData:Created', 'own:type'],
      ['entitydata:created', 'own:type'],
    ],
    [
      ['comments:*'],
      [
        'commentdataprotectionexecution',
        'commentdeleted',
        'commentposted',
        'replydeleted',
        'replyposted',
      ].map((type) => `comments:${type}`),
    ],
    [['nobody:*', 'a:b'], ['*']],
    [['a:b', ' a:b '], ['a:b']],
  ] as const) {
    it(`are for ${JSON.stringify(wanted)} ${JSON.stringify(types).slice(0, 60)}`, () => {
      platformTypes(wanted).should.deepEqual([...types]);
    });
  }
});

describe('the path of a webhook', () => {
  for (const [path, normal] of [
    ['/fenergo/abc', '/fenergo/abc'],
    ['fenergo/abc/', '/fenergo/abc'],
    [' //fenergo//abc ', '/fenergo/abc'],
    ['/a%20b/%C3%A4', '/a b/ä'],
    ['/a*/:b/(c)', '/a*/:b/(c)'],
    ['', undefined],
    ['/', undefined],
    ['/a?b', undefined],
    ['/a%3Fb', undefined],
    ['/a#b', undefined],
    ['/../a', undefined],
    ['/a/%2E%2E/b', undefined],
    ['/a\nb', undefined],
    ['/100%', undefined],
  ] as const) {
    it(`${JSON.stringify(path)} is ${normal ?? 'none'}`, () => {
      should(normalPath(path)).equal(normal);
    });
  }

  for (const [base, root, path, url] of [
    ['https://example.com', '/', '/abc', 'https://example.com/abc'],
    ['https://example.com/', '/red/', '/abc', 'https://example.com/red/abc'],
    ['https://EXAMPLE.com:8443/proxy/', 'api', '/a b/ä', 'https://example.com:8443/proxy/api/a%20b/%C3%A4'],
    ['http://127.0.0.1:1880', '/', '/abc', 'http://127.0.0.1:1880/abc'],
    ['', '/', '/abc', undefined],
    ['example.com', '/', '/abc', undefined],
    ['ftp://example.com', '/', '/abc', undefined],
    ['https://', '/', '/abc', undefined],
    ['https://me:hush@example.com', '/', '/abc', undefined],
    ['https://example.com/?a=b', '/', '/abc', undefined],
    ['https://example.com/#a', '/', '/abc', undefined],
  ] as const) {
    it(`behind ${JSON.stringify(base)} is ${url ?? 'none'}`, () => {
      should(publicUrl(base, root, path)).equal(url);
    });
  }

  it('is the same with a slash at its end or with other escapes, and no other', () => {
    sameUrl('https://a.com/b%20c', 'HTTPS://A.COM:443/b%20c/').should.be.true();
    sameUrl('https://a.com/%C3%A4', 'https://a.com/ä').should.be.true();
    sameUrl('https://a.com/b', 'https://a.com/B').should.be.false();
    sameUrl('https://a.com/b', 'http://a.com/b').should.be.false();
    sameUrl('https://a.com/b?x', 'https://a.com/b').should.be.false();
    sameUrl('nonsense', 'nonsense').should.be.true();
  });
});
