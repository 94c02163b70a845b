import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { serialiseBody, wrapData } from '../../lib/http/body.js';
import {
  eventProblem,
  eventTypesIn,
  suggestEvents,
  suggestFeeds,
} from '../../nodes/shared/editor/event-suggestions.js';
import { inWords, splitKey } from '../../nodes/shared/editor/operation-key.js';
import { type AskedParams, NO_PARAMS, paramsOf, rowsFor } from '../../nodes/shared/editor/params.js';
import { suggestScopes } from '../../nodes/shared/editor/scope-suggestions.js';
import { sameJson, sentBody, sentJson, skeletonText, wraps } from '../../nodes/shared/editor/skeleton.js';

describe('parts of the dialogs', () => {
  describe('rows of parameters', () => {
    const id = { name: 'id', in: 'path', type: 'msg', value: 'payload.id' } as const;
    const header = { name: 'x-trace', in: 'header', type: 'str', value: '1' } as const;
    const asked = (pathParams: string[], query: string[], rest: Partial<AskedParams> = {}): AskedParams => ({
      ...NO_PARAMS,
      pathParams,
      query,
      complete: 'all',
      ...rest,
    });

    it('start with what the call asks for, in its order', () => {
      rowsFor(asked(['id', 'version'], ['page'], { headers: ['x-a'] }), [])
        .map(({ name, in: place, known }) => [name, place, known])
        .should.eql([
          ['id', 'path', true],
          ['version', 'path', true],
          ['page', 'query', true],
          ['x-a', 'header', true],
        ]);
    });

    it('keep a value where the name matches, also when it moves from the path to the query', () => {
      const [row] = rowsFor(asked([], ['id']), [id]);
      row?.should.containEql({ name: 'id', in: 'query', type: 'msg', value: 'payload.id', known: true });
    });

    it('keep what no longer belongs only if it has a value', () => {
      const rows = rowsFor(asked([], []), [id, { ...header, value: '' }]);
      rows.should.eql([{ ...id, known: false, formerly: false, required: false, stray: 'unused' }]);
    });

    it('know headers in small and in capital letters, and give a value to one row only', () => {
      const [row] = rowsFor(asked([], [], { headers: ['X-Trace'] }), [header]);
      row?.should.containEql({ name: 'X-Trace', value: '1' });
      rowsFor(asked(['id'], ['id']), [id])
        .map(({ value }) => value)
        .should.eql(['payload.id', '']);
    });

    it('do not take a header for a parameter of the same name', () => {
      const rows = rowsFor(asked(['x-trace'], []), [header]);
      rows
        .map(({ in: place, value }) => [place, value])
        .should.eql([
          ['path', ''],
          ['header', '1'],
        ]);
    });

    it('tell what is required', () => {
      rowsFor(asked(['id'], ['page', 'size'], { required: ['size'] }), [])
        .map(({ required }) => required)
        .should.eql([true, false, true]);
    });

    it('are marked where they do not belong, as far as that is known', () => {
      const page = { name: 'page', in: 'query', type: 'str', value: '1' } as const;
      const marks = (complete: AskedParams['complete']) =>
        rowsFor(asked([], [], { complete }), [id, page, header]).map(({ stray }) => stray);
      marks('all').should.eql(['unused', 'unlisted', undefined]);
      marks('path').should.eql(['unused', undefined, undefined]);
      marks('nothing').should.eql([undefined, undefined, undefined]);
    });

    it('of headers are marked where the catalog filled them in for another operation, and as long as it holds', () => {
      const before = rowsFor(asked([], [], { headers: ['x-trace'] }), [header]);
      const stray = (rows: typeof before) => rows.map((row) => row.stray);
      const left = rowsFor(asked([], []), before);
      stray(left).should.eql(['unlisted']);
      stray(rowsFor(asked([], []), left)).should.eql(['unlisted']);
      stray(rowsFor(asked([], [], { complete: 'path' }), left)).should.eql([undefined]);
      stray(rowsFor(asked([], [], { headers: ['X-Trace'] }), left)).should.eql([undefined]);
      stray(rowsFor(asked([], []), [header])).should.eql([undefined]);
    });

    it('are saved with a name and a value, and nothing else', () => {
      paramsOf([
        { ...id, name: ' id ', known: true },
        { ...header, value: '' },
        { ...header, name: ' ' },
      ]).should.eql([id]);
    });
  });

  describe('the skeleton of a body', () => {
    const operation = (body: unknown, wrapsData = false) => ({ body, wrapsData }) as never;

    it('is the inner part where the node puts the envelope around it', () => {
      skeletonText(operation({ data: { a: 1 } }, true), 'auto')?.should.equal('{\n  "a": 1\n}');
      skeletonText(operation({ data: { a: 1 } }, true), 'never')?.should.equal(
        '{\n  "data": {\n    "a": 1\n  }\n}',
      );
      skeletonText(operation([1]), 'auto')?.should.equal('[\n  1\n]');
    });

    it('is not there without a body, or when its shape is not known', () => {
      should(skeletonText(operation(undefined), 'auto')).be.undefined();
      should(skeletonText(operation(null), 'auto')).be.undefined();
      should(skeletonText(undefined, 'auto')).be.undefined();
    });

    it('becomes the body that the contract asks for when it is sent as it stands, for every operation that has one', () => {
      const known = new Catalog().all().filter(({ body }) => body !== undefined && body !== null);
      known.length.should.be.above(600);
      for (const { key, body, wrapsData } of known) {
        const operation = { body, wrapsData } as never;
        for (const wrap of ['auto', 'never'] as const) {
          const text = skeletonText(operation, wrap) ?? '';
          const wrapped = wraps(operation, wrap);
          const sent = serialiseBody(wrapped ? wrapData(JSON.parse(text)) : JSON.parse(text));
          should(JSON.parse(String(sent))).deepEqual(body, `${key}, ${wrap}`);
        }
      }
    });

    it('is told apart by what it says, not by how it is written', () => {
      sameJson('{"a": [1]}', '{ "a":[1] }').should.be.true();
      sameJson('{"a": 1}', '{"a": 2}').should.be.false();
      sameJson('{', '{').should.be.false();
    });
  });

  describe('what will be sent', () => {
    for (const [text, wrapped, sent] of [
      ['{"a":1}', true, '{"data":{"a":1}}'],
      ['[1]', true, '{"data":[1]}'],
      ['{"data":1}', true, '{"data":1}'],
      ['{"a":1}', false, '{"a":1}'],
      ['7', true, '7'],
      ['null', true, 'null'],
    ] as const) {
      it(`of ${text}, ${wrapped ? 'in the envelope' : 'as it is'}: ${sent}`, () => {
        sentJson(text, wrapped).should.eql({ text: sent });
      });
    }

    it('is an error for what is no JSON, and shortened when it is long', () => {
      sentJson('{', true).should.have.property('problem');
      sentJson(' ', true).should.eql({ text: '' });
      const { text } = sentJson(JSON.stringify('x'.repeat(999)), true) as { text: string };
      text.length.should.equal(401);
      text.should.endWith('…');
    });

    it('of text is what it says, in the envelope where it is JSON, and an error where it is none', () => {
      should(sentBody('str', '{"a":1}', true)).eql({ text: '{"data":{"a":1}}' });
      should(sentBody('str', '', true)).eql({ text: '' });
      for (const text of ['hello', ' ', '{a: 1}'])
        should(sentBody('str', text, true)).have.property('problem');
      should(sentBody('json', ' ', true)).eql({ text: '' });
    });

    it('is not known of what the message or the environment gives', () => {
      const environment = '$' + '{BODY}';
      for (const type of ['str', 'json']) should(sentBody(type, environment, true)).be.undefined();
      for (const type of ['msg', 'jsonata', 'flow', 'global', 'env'])
        should(sentBody(type, '{', true)).be.undefined();
    });
  });

  describe('words for an operation', () => {
    for (const [name, words] of [
      ['GetEntityById', 'Get entity by id'],
      ['GetESignatureDocument', 'Get e signature document'],
      ['UpdateKYCStatusV2', 'Update KYC status v2'],
      ['delete_user', 'Delete user'],
    ] as const) {
      it(`${name}: ${words}`, () => {
        inWords(name).should.equal(words);
      });
    }

    it('splits a key whose id has slashes', () => {
      splitKey('scim/v1/a/b').should.eql({ service: 'scim', version: 'v1', id: 'a/b' });
    });
  });

  describe('suggestions for the scope', () => {
    it('go on from the word under the cursor and leave the others', () => {
      const text = 'fenx.risk.read jour fenx.policy.read';
      const [first] = suggestScopes(text, 19);
      first?.should.eql({
        label: 'fenx.journey.read',
        value: 'fenx.risk.read fenx.journey.read fenx.policy.read',
      });
    });

    it('leave out scopes that are there already', () => {
      suggestScopes('fenx.journey.read journ', 23)
        .map(({ label }) => label)
        .should.eql(['fenx.journey.write']);
    });

    it('are none between words and on a finished scope', () => {
      suggestScopes('fenx.all ', 9).should.eql([]);
      suggestScopes('fenx.all', 8).should.eql([]);
    });
  });

  describe('suggestions of events', () => {
    const node = { _: (key: string) => key };
    const values = (list: { value: string }[]) => list.map(({ value }) => value);
    const events = (text: string, feed = 'all', chosen: string[] = []) =>
      values(suggestEvents(node, text, feed, chosen));

    it('are of the feed that is read, and of every source where nobody knows what it brings', () => {
      events('', 'eventingress').should.eql([
        ...['*', 'eventingress:*', 'eventingress:failed', 'eventingress:success'],
      ]);
      events('', 'EventIngress').should.have.length(4);
      for (const feed of ['all', 'theirs', 'constructor', '']) events('', feed).length.should.be.above(90);
    });

    it('leave out what is chosen, in whatever letters', () => {
      events('', 'eventingress', ['EventIngress:Failed', '*']).should.eql([
        ...['eventingress:*', 'eventingress:success'],
      ]);
    });

    it('begin with what is typed, then have it within, and end with the text as it was typed', () => {
      const found = events('draft created');
      found.slice(0, 2).should.eql(['entitydata:draftcreated', 'product:draftcreated']);
      found.should.containEql('deals:dealdraftcreated');
      events('entitydata:draft').at(-1)?.should.equal('entitydata:draft');
      events('ENTITYDATA:Created').should.eql(['entitydata:created']);
      events('xyzzy').should.eql([]);
      events('their:own').should.eql(['their:own']);
      events('their:own', 'all', ['their:own']).should.eql([]);
    });

    it('of feeds are all of them, the sources, and whatever can be one', () => {
      values(suggestFeeds(node, '')).slice(0, 2).should.eql(['all', 'association']);
      values(suggestFeeds(node, 'jour')).should.eql(['journey', 'jour']);
      values(suggestFeeds(node, 'two words')).should.eql([]);
    });

    it('come with what is the matter with a type', () => {
      const problem = (type: string, feed = 'all') => String(eventProblem(type, feed));
      const environment = '$' + '{TYPES}';
      for (const right of ['*', 'entitydata:*', 'EntityData:Created', environment])
        problem(right).should.equal('undefined', right);
      for (const wrong of ['created', ':created', 'entitydata:', 'entity data:created', '*:created', 'a:b*'])
        problem(wrong).should.equal('form', wrong);
      for (const unlisted of ['their:own', 'their:*', 'entitydata:other', '__proto__:x'])
        problem(unlisted).should.equal('unlisted', unlisted);
      problem('journey:taskstarted', 'Document').should.equal('otherFeed');
      problem('journey:taskstarted', 'theirs').should.equal('undefined');
    });

    it('are read from what is pasted', () => {
      eventTypesIn(' a:b, c:*;d:e\nf:g ').should.eql(['a:b', 'c:*', 'd:e', 'f:g']);
      eventTypesIn(' ').should.eql([]);
    });
  });
});
