import should from 'should';
import { isWanted, notificationOf } from '../../lib/events/notification.js';

describe('notificationOf', () => {
  it('takes a notification as it is, with what it has besides', () => {
    const value = {
      id: 'n-1',
      eventType: 'journey:taskCompleted',
      relativeUrl: null,
      payload: '',
      extra: [1],
    };
    notificationOf(value, 'b#0').should.deepEqual(value);
  });

  it('gives an id and a type to what lacks them, and keeps the rest', () => {
    for (const id of [undefined, null, '', 7, {}]) {
      notificationOf({ id, eventType: 'a:b', when: 'w' }, 'b#3').should.deepEqual({
        id: 'b#3',
        eventType: 'a:b',
        when: 'w',
      });
    }
    for (const eventType of [undefined, null, '', 7]) {
      notificationOf({ id: 'n', eventType }, 'b#3').should.deepEqual({ id: 'n', eventType: 'unknown' });
    }
  });

  it('keeps as payload what is no notification at all', () => {
    for (const payload of [undefined, null, 'text', 7, [1, 2]]) {
      notificationOf(payload, 'b#1').should.deepEqual({ id: 'b#1', eventType: 'unknown', payload });
    }
  });

  it('changes no prototype, whatever the names are', () => {
    const text = '{"id":"__proto__","eventType":"constructor","__proto__":{"polluted":1}}';
    const notification = notificationOf(JSON.parse(text), 'b#0');
    notification.id.should.equal('__proto__');
    should(Object.getPrototypeOf(notification)).equal(Object.prototype);
    should(({} as Record<string, unknown>).polluted).be.undefined();
  });
});

describe('isWanted', () => {
  it('wants every type where none is named', () => {
    isWanted([], 'anything').should.be.true();
  });

  it('wants the types that are named, in capital or small letters', () => {
    const wanted = [' EntityData:dataPublished ', 'journey:*'];
    isWanted(wanted, 'entitydata:DATAPUBLISHED').should.be.true();
    isWanted(wanted, 'entitydata:dataPublishedToo').should.be.false();
    isWanted(wanted, 'Journey:started').should.be.true();
    isWanted(wanted, 'journeys:started').should.be.false();
    isWanted(wanted, 'journey').should.be.false();
  });

  it('wants all by *', () => {
    isWanted(['x:y', '*'], 'unknown').should.be.true();
    isWanted([''], 'unknown').should.be.false();
  });
});
