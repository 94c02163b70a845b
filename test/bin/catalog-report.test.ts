import { PassThrough } from 'node:stream';
import 'should';
import { ProgressBar } from '../../lib/bin/catalog-report.js';

describe('the progress bar', () => {
  function bar(isTTY: boolean) {
    const stream = Object.assign(new PassThrough(), { isTTY });
    const written = () => String(stream.read() ?? '');
    return { progress: new ProgressBar(stream as unknown as NodeJS.WriteStream), written };
  }

  it('fills up on one line, and is gone at the end', () => {
    const { progress, written } = bar(true);
    progress.show({ done: 0, total: 4, name: 'a' });
    written().should.endWith(`${'░'.repeat(24)} 0/4 a`);
    progress.show({ done: 3, total: 4, name: 'entitydataquery v2' });
    written().should.equal(`\r\u001b[2K${'█'.repeat(18)}${'░'.repeat(6)} 3/4 entitydataquery v2`);
    progress.show({ done: 4, total: 4, name: '\u001b[31m'.repeat(40) });
    written().should.endWith('·[31m·[31m·[31m·[31m·[31m·[31m·[31m·[31m·[31m·[31m');
    progress.end();
    written().should.equal('\r\u001b[2K');
  });

  it('says nothing where nobody looks', () => {
    const { progress, written } = bar(false);
    progress.show({ done: 1, total: 4, name: 'a' });
    progress.end();
    written().should.equal('');
  });
});
