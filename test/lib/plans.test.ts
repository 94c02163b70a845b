import 'should';
import { limitedAs } from '../../lib/plans.js';

describe('limitedAs', () => {
  for (const [call, name] of [
    ['POST journeycommand /api/v1/journey', 'journeycommand'],
    ['POST JourneyCommand /api/v1/journey', 'journeycommand'],
    ['DELETE dataprotectioncommand /api/datadeletion/v1/x', 'datadeletion'],
    ['DELETE DataProtectionCommand /API/DataDeletion/v1/x', 'datadeletion'],
    ['POST dataprotectioncommand /api/v1/other', 'dataprotectioncommand'],
    ['POST eventingress /v1/events', 'eventingress'],
    ['POST eventingress /v1/events/', 'eventingress'],
    ['POST EventIngress /V1/Events//', 'eventingress'],
    ['GET eventingress /v1/events/', ''],
    ['POST eventingress /v1/events/7', ''],
    ['POST eventingress /v1/eventsource', ''],
  ] as const) {
    it(`counts ${call} as '${name}'`, () => {
      const [method = '', service = '', path = ''] = call.split(' ');
      limitedAs({ method, service, path }).should.equal(name);
    });
  }

  it('takes no longer for a path of nothing but slashes', () => {
    const path = `${'/'.repeat(100_000)}x`;
    const startMs = performance.now();
    limitedAs({ method: 'POST', service: 'eventingress', path }).should.equal('');
    (performance.now() - startMs).should.be.below(500);
  });
});
