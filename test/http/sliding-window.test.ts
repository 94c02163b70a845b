import { SlidingWindow } from '../../lib/http/sliding-window.js';

function windowOf(max: number, lengthMs = 1000, marginMs = 0): SlidingWindow {
  return new SlidingWindow({ max, lengthMs }, marginMs);
}

function send(window: SlidingWindow, nowMs: number, count = 1): void {
  for (let i = 0; i < count; i += 1) {
    window.reserve();
    window.take(nowMs);
  }
}

describe('SlidingWindow', () => {
  it('counts what it holds when the maximum changes, smaller or larger, with what is reserved', () => {
    const window = new SlidingWindow({ max: 100, lengthMs: 1000 }, 0);
    for (let atMs = 0; atMs < 150; atMs += 1) {
      window.reserve();
      window.take(atMs);
    }
    window.limitTo(10);
    window.waitMs(150).should.equal(990);
    window.limitTo(200);
    window.room(150).should.equal(50);
    send(window, 150, 50);
    window.waitMs(150).should.equal(850);
    window.room(1140).should.equal(141);
    window.reserve();
    window.limitTo(Number.POSITIVE_INFINITY);
    window.waitMs(1145).should.equal(0);
    send(window, 1145, 5);
    window.limitTo(1);
    window.waitMs(1145).should.equal(1000, 'the one that is reserved');
    window.limitTo(6);
    window.waitMs(1150).should.equal(995, 'it counts where there is no maximum, too');
  });

  it('has room for its maximum, and again exactly its length after each call', () => {
    const window = windowOf(3);
    window.room(0).should.equal(3);
    for (const nowMs of [0, 100, 200]) {
      window.waitMs(nowMs).should.equal(0);
      send(window, nowMs);
    }
    window.room(200).should.equal(0);
    window.waitMs(200).should.equal(800);
    window.waitMs(999).should.equal(1);
    window.room(999).should.equal(0);
    window.waitMs(1000).should.equal(0);
    window.room(1000).should.equal(1);
    send(window, 1000);
    window.waitMs(1000).should.equal(100);
    window.room(1199).should.equal(1);
    window.room(1200).should.equal(2);
    window.room(2000).should.equal(3);
  });

  it('adds its margin to its length', () => {
    const window = windowOf(1, 1000, 10);
    send(window, 0);
    window.waitMs(1009).should.equal(1);
    window.waitMs(1010).should.equal(0);
  });

  it('lets one through at a time where that is its maximum', () => {
    const window = windowOf(1);
    for (const nowMs of [0, 1000, 2000]) {
      window.waitMs(nowMs).should.equal(0);
      send(window, nowMs);
      window.waitMs(nowMs).should.equal(1000);
    }
  });

  it('counts what is reserved as if it were sent now, and what is sent from when it is', () => {
    const window = windowOf(2);
    window.reserve();
    window.reserve();
    window.room(0).should.equal(0);
    window.waitMs(0).should.equal(1000);
    window.waitMs(5000).should.equal(1000);
    window.take(5000);
    window.waitMs(5500).should.equal(500);
    window.waitMs(6000).should.equal(0);
    window.take(5600);
    window.waitMs(5600).should.equal(400);
    window.room(6000).should.equal(1);
  });

  it('forgets what was reserved and given back, and nothing else', () => {
    const window = windowOf(2);
    window.reserve();
    window.reserve();
    window.take(500);
    window.release();
    window.room(500).should.equal(1);
    window.waitMs(500).should.equal(0);
    send(window, 600);
    window.waitMs(1000).should.equal(500);
  });

  it('knows what was sent before a place that was given back, also when it is full', () => {
    const window = windowOf(2);
    for (const nowMs of [0, 500, 1000, 1500]) send(window, nowMs);
    window.reserve();
    window.release();
    window.waitMs(1600).should.equal(400);
    window.room(1600).should.equal(0);
    window.room(2000).should.equal(1);
  });

  it('holds to fewer than its maximum when it is told to, but never to none', () => {
    const window = windowOf(10);
    send(window, 0, 4);
    window.waitMs(100, 5).should.equal(0);
    window.waitMs(100, 4).should.equal(900);
    window.waitMs(100, 0).should.equal(900);
    window.waitMs(1000, 0).should.equal(0);
    window.waitMs(100, 99).should.equal(0);
    window.reserve();
    window.waitMs(100, 5).should.equal(900);
    window.waitMs(1000, 1).should.equal(1000);
  });

  it('never makes wait where there is no maximum', () => {
    const window = windowOf(Number.POSITIVE_INFINITY);
    send(window, 0, 10_000);
    window.reserve();
    window.waitMs(0).should.equal(0);
    window.room(0).should.equal(Number.POSITIVE_INFINITY);
    window.waitOfMs(0, 99).should.equal(0);
    window.waitMs(0, 5).should.equal(1000, 'but counts');
  });

  it('grows to a large maximum, and no further', () => {
    const window = windowOf(15_000, 86_400_000);
    for (let i = 0; i < 15_000; i += 1) {
      window.waitMs(i).should.equal(0);
      send(window, i);
    }
    window.room(15_000).should.equal(0);
    window.waitMs(15_000).should.equal(86_400_000 - 15_000);
    send(window, 86_400_000);
    window.waitMs(86_400_000).should.equal(1);
    window.room(86_400_100).should.equal(100);
  });

  it('keeps its order when it learns when requests arrived, whichever that was', () => {
    const window = windowOf(5);
    for (const atMs of [10, 20, 30, 40, 50]) send(window, atMs);
    window.settle(40, 5);
    window.waitMs(50).should.equal(955);
    window.settle(5, 45);
    window.waitMs(50).should.equal(960);
    window.settle(10, 70);
    window.waitMs(50).should.equal(970);
    window.settle(999, 0);
    window.settle(20, 20);
    window.waitMs(50).should.equal(970);
    // 20, 30, 45, 50, 70
    window.room(1020).should.equal(1);
    window.room(1045).should.equal(3);
    window.room(1069).should.equal(4);
    window.room(1070).should.equal(5);
  });

  it('does not look for a request that it has forgotten', () => {
    const window = windowOf(2);
    for (const atMs of [10, 2000, 3000]) send(window, atMs);
    for (let atMs = 4000; atMs < 70_000; atMs += 500) send(window, atMs);
    window.settle(10, 70_000);
    window.waitMs(70_500).should.equal(0);
  });
});
