"""Carries packets between two tun devices the way a bad network would.

Started by link.py as a process of its own. It opens two tun devices in its own namespace, says so, and from then on
takes one line of JSON at a time on standard input (the conditions that hold from now on) and answers each with `ok`.

    {"delay": 0.025, "jitter": 0.01, "loss": 0.01, "rate": 6e6, "off": 3, "period": 10, "seed": 7}

delay, jitter   seconds in one direction; the delay is drawn anew every 10 ms and packets keep their order
loss            probability that a packet or its answer is lost: what ping reports; each direction has its half of it
rate            bytes a second in each direction, 0 for no limit; what would wait longer than 200 ms is dropped
off, period     of every `period` seconds the first `off` pass nothing; 0 for never
"""

import collections
import fcntl
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
DRAW_EVERY = 0.010
MOST_WAITING = 0.200
PACKETS_A_TURN = 64
LARGEST = 65536


def tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Conditions:
    def __init__(self, delay=0.0, jitter=0.0, loss=0.0, rate=0.0, off=0.0, period=10.0, seed=1):
        self.delay, self.jitter, self.rate = delay, jitter, rate
        self.loss = 1 - (1 - loss) ** 0.5
        self.off, self.period, self.seed = off, period, seed


class Direction:
    """Packets that were taken from one device and are due at the other."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = collections.deque()
        self.begin(Conditions(), 0.0, 0)

    def begin(self, conditions, now, salt):
        self.conditions, self.started = conditions, now
        self.random = random.Random(conditions.seed * 2 + salt)
        self.sent = self.last = self.drawn = now
        self.delay = conditions.delay

    def take(self, now):
        """Takes what the device has, up to a bound, and says when each packet is due."""
        known = self.conditions
        dark = known.off > 0 and (now - self.started) % known.period < known.off
        for _ in range(PACKETS_A_TURN):
            try:
                packet = os.read(self.source, LARGEST)
            except BlockingIOError:
                return
            if dark or (known.loss and self.random.random() < known.loss):
                continue
            if now - self.drawn >= DRAW_EVERY:
                self.drawn = now
                self.delay = known.delay + self.random.uniform(-known.jitter, known.jitter)
            leaves = now
            if known.rate:
                leaves = max(now, self.sent)
                if leaves - now > MOST_WAITING:
                    continue
                leaves += len(packet) / known.rate
                self.sent = leaves
            self.last = max(self.last, leaves + self.delay)
            self.waiting.append((self.last, packet))

    def give(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            try:
                os.write(self.target, self.waiting.popleft()[1])
            except OSError:
                pass  # The device is down or full: one packet more is lost.


def main():
    one, other = tun(sys.argv[1]), tun(sys.argv[2])
    directions = [Direction(one, other), Direction(other, one)]
    print("open", flush=True)
    poll = select.epoll()
    for fd in (one, other, sys.stdin.fileno()):
        poll.register(fd, select.EPOLLIN)
    while True:
        due = min((way.waiting[0][0] for way in directions if way.waiting), default=None)
        ready = poll.poll(-1 if due is None else max(0.0, due - time.monotonic()))
        if any(fd == sys.stdin.fileno() for fd, _ in ready):
            line = sys.stdin.readline()
            if not line:
                return
            conditions = Conditions(**json.loads(line))
            for salt, way in enumerate(directions):
                way.begin(conditions, time.monotonic(), salt)
            print("ok", flush=True)
        now = time.monotonic()
        for way in directions:
            way.take(now)
            way.give(now)


if __name__ == "__main__":
    main()
