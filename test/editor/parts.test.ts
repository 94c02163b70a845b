import 'should';
import { inWords, splitKey } from '../../nodes/shared/editor/operation-key.js';
import { paramsOf, rowsFor } from '../../nodes/shared/editor/params.js';
import { suggestScopes } from '../../nodes/shared/editor/scope-suggestions.js';

describe('parts of the dialogs', () => {
  describe('rows of parameters', () => {
    const id = { name: 'id', in: 'path', type: 'msg', value: 'payload.id' } as const;
    const header = { name: 'x-trace', in: 'header', type: 'str', value: '1' } as const;

    it('start with what the call asks for, in its order', () => {
      rowsFor({ pathParams: ['id', 'version'], query: ['page'] }, [])
        .map(({ name, in: place, known }) => [name, place, known])
        .should.eql([
          ['id', 'path', true],
          ['version', 'path', true],
          ['page', 'query', true],
        ]);
    });

    it('keep a value where the name matches, also when it moves from the path to the query', () => {
      const [row] = rowsFor({ pathParams: [], query: ['id'] }, [id]);
      row?.should.eql({ name: 'id', in: 'query', type: 'msg', value: 'payload.id', known: true });
    });

    it('keep what no longer belongs only if it has a value', () => {
      const rows = rowsFor({ pathParams: [], query: [] }, [id, { ...header, value: '' }]);
      rows.should.eql([{ ...id, known: false }]);
    });

    it('do not take a header for a parameter of the same name', () => {
      const rows = rowsFor({ pathParams: ['x-trace'], query: [] }, [header]);
      rows
        .map(({ in: place, value }) => [place, value])
        .should.eql([
          ['path', ''],
          ['header', '1'],
        ]);
    });

    it('are saved with a name and a value, and nothing else', () => {
      paramsOf([
        { ...id, name: ' id ', known: true },
        { ...header, value: '' },
        { ...header, name: ' ' },
      ]).should.eql([id]);
    });
  });

  describe('words for an operation', () => {
    for (const [name, words] of [
      ['GetEntityById', 'Get entity by id'],
      ['GetESignatureDocument', 'Get e signature document'],
      ['UpdateKYCStatusV2', 'Update KYC status v 2'],
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
});
