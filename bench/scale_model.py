# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""A model of a vault on a server under load: processes with groups and lanes, a server with processors and a disk whose
flush serves all who wait, and a network. Nothing here is random. See docs/SCALE.md, and bench/scale.py, which uses it."""

import collections
import dataclasses
import heapq
import itertools

GROUP = 64  # records in a commit at most, BULLA_GROUP_RECORDS
LANES = 64  # of a vault at most; the first is for what is no use
LATE_TRIPS = 1  # the last round trip of a group, with its records and COMMIT: whoever comes before it is in it
SHARED_TRIPS = 3  # more in the lane that is shared: the lock, the head, and COMMIT on its own


class World:
    """Tasks are generators of what they wait for: functions that see to it that the task is gone on with."""

    def __init__(self):
        self.now, self.events, self.order = 0.0, [], itertools.count()
        self.uses = []  # the process, and what it took

    def later(self, time, function, *arguments):
        heapq.heappush(self.events, (self.now + time, next(self.order), function, arguments))

    def go_on(self, task):
        request = next(task, None)
        if request:
            request(task)

    def pause(self, time):
        return lambda task: self.later(time, self.go_on, task)

    def run(self, enough):
        while self.events and not enough():
            self.now, _, function, arguments = heapq.heappop(self.events)
            function(*arguments)


class Turns:
    """Something that so many can have at a time, first come, first served: processors, or the lock of a lane."""

    def __init__(self, world, free):
        self.world, self.free, self.waiting = world, free, collections.deque()

    def take(self, task):
        if self.free:
            self.free -= 1
            self.world.later(0, self.world.go_on, task)
        else:
            self.waiting.append(task)

    def give(self):
        if self.waiting:
            self.world.later(0, self.world.go_on, self.waiting.popleft())
        else:
            self.free += 1

    def work(self, time):
        yield self.take
        yield self.world.pause(time)
        self.give()


class Disk:
    """A flush makes all durable that was written before it began; who comes later waits for the next."""

    def __init__(self, world, time):
        self.world, self.time, self.waiting, self.busy = world, time, [], False

    def flush(self, task):
        self.waiting.append(task)
        if not self.busy:
            self.begin()

    def begin(self):
        served, self.waiting, self.busy = self.waiting, [], True
        self.world.later(self.time, self.end, served)

    def end(self, served):
        for task in served:
            self.world.go_on(task)
        self.busy = False
        if self.waiting:
            self.begin()


@dataclasses.dataclass(frozen=True)
class Costs:
    """Milliseconds: of a processor for each use and each group, at the client and at the server; of a flush; and of a
    round trip without a network. And how many round trips there are for one use, and for a group."""
    client_use: float
    client_group: float
    server_use: float
    server_group: float
    flush: float
    wire: float
    trips: int
    group_trips: int


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Processes by their round trip to the server, in milliseconds; with |apart|, clients have processors of their own."""
    round_trips: tuple
    threads: int
    shared: bool
    processors: int
    standby: bool = False
    apart: bool = False


class Process:
    def __init__(self, world, number, fleet, costs, server, client, lane, disks):
        self.world, self.number, self.fleet, self.costs = world, number, fleet, costs
        self.server, self.client, self.lane, self.disks = server, client, lane, disks
        self.trip = fleet.round_trips[number] + costs.wire
        self.trips = costs.trips + (SHARED_TRIPS if lane else 0)
        self.waiting, self.is_led = collections.deque(), False

    def thread(self):
        """A use after the other; half of what a use costs the client is the thread's own, half the leader's."""
        while True:
            start = self.world.now
            yield self.join
            yield from self.client.work(self.costs.client_use / 2)
            self.world.uses.append((self.number, self.world.now - start))

    def join(self, task):
        self.waiting.append(task)
        if not self.is_led:
            self.is_led = True
            self.world.go_on(self.lead())

    def lead(self):
        while self.waiting:
            yield from self.write()
        self.is_led = False

    def write(self):
        costs = self.costs
        group = [self.waiting.popleft()]
        yield from self.client.work(costs.client_group)
        for trip in range(self.trips):
            num_late = 0
            if trip == self.trips - LATE_TRIPS:
                while self.waiting and len(group) < GROUP:
                    group.append(self.waiting.popleft())
                num_late = len(group)
                yield from self.client.work(costs.client_use / 2 * num_late)
                if num_late > 1:  # they are looked up first
                    yield self.world.pause(self.trip * (costs.group_trips - costs.trips))
            yield self.world.pause(self.trip / 2)
            if trip == 0 and self.lane:
                yield self.lane.take
            yield from self.server.work(costs.server_group / self.trips + costs.server_use * num_late)
            if trip == self.trips - 1:
                yield self.disks[0].flush
                if self.fleet.standby:  # who sends, who receives, and back
                    yield self.world.pause(2 * costs.wire)
                    yield self.disks[1].flush
                if self.lane:
                    self.lane.give()
            yield self.world.pause(self.trip / 2)
        for task in group:
            self.world.later(0, self.world.go_on, task)


def simulate(costs, fleet, num_uses=2000):
    """For each process its uses a second, and how long they took, in milliseconds, in order."""
    world = World()
    server = Turns(world, fleet.processors)
    disks = Disk(world, costs.flush), Disk(world, costs.flush)
    first_lane = Turns(world, 1)
    for number in range(len(fleet.round_trips)):
        client = Turns(world, 2) if fleet.apart else server
        lane = first_lane if fleet.shared or number >= LANES - 1 else None
        process = Process(world, number, fleet, costs, server, client, lane, disks)
        for _ in range(fleet.threads):
            world.go_on(process.thread())
    num_first = max(num_uses // 5, 2 * fleet.threads * len(fleet.round_trips))
    world.run(lambda: len(world.uses) >= num_first)
    start = world.now
    end = start + max(num_uses / num_first * start, 4 * max(fleet.round_trips) * costs.group_trips)
    world.run(lambda: world.now >= end)
    late = [[] for _ in fleet.round_trips]
    for number, took in world.uses[num_first:]:
        late[number].append(took)
    return [(len(took) * 1000 / (world.now - start), sorted(took)) for took in late]
