/** Rooms that are opened and left leave nothing behind: not in a server, not in the parent of workers. */
import assert from "node:assert/strict"
import { after, test, type TestContext } from "node:test"
import { setImmediate } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import {
    LocalBus,
    type Bus,
    type Handler,
    type Topic,
    type Topics,
} from "../../server/bus/bus.ts"
import {
    WorkerBroker,
    type Member as Worker,
} from "../../server/cluster/worker-broker.ts"
import { Relay } from "../../server/relay/relay.ts"
import type { Member } from "../../server/relay/room.ts"

/** For a million: `RELAY_ROOMS=1000000`. */
const ROOMS = Number(process.env.RELAY_ROOMS ?? 20_000)

/** What a room may leave behind: much less than its place in any list. */
const BYTES_PER_ROOM = 24

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

async function heap(): Promise<number> {
    collectGarbage()
    // the test runner forgets promises that are no more in a turn of its own
    await setImmediate()
    collectGarbage()
    return process.memoryUsage().heapUsed
}

/** The bus of a worker, without the channel between processes. */
class BrokeredBus implements Bus {
    readonly status = { connected: true, waiting: 0, dropped: 0 }
    readonly #broker: WorkerBroker
    readonly #handlers = new Map<Topic, (event: Topics[Topic]) => void>()
    readonly #worker: Worker = {
        receive: (event, topic) => this.#handlers.get(topic)?.(event),
        joined: () => {},
    }

    constructor(broker: WorkerBroker) {
        this.#broker = broker
        broker.join(this.#worker)
    }

    publish<Name extends Topic>(topic: Name, event: Topics[Name]): undefined {
        this.#broker.publish(topic, event, this.#worker)
    }

    async subscribe<Name extends Topic>(topic: Name, handler: Handler<Name>) {
        this.#handlers.set(topic, handler as (event: Topics[Topic]) => void)
        if (topic !== "plot") this.#broker.subscribe(this.#worker, topic)
    }

    unsubscribe(topic: Exclude<Topic, "plot">): void {
        this.#handlers.delete(topic)
        this.#broker.unsubscribe(this.#worker, topic)
    }

    onReturn(): void {}

    async close(): Promise<void> {}
}

/** A relay, and how many messages its members have got. */
function startRelay(t: TestContext, bus: Bus) {
    const relay = new Relay(bus, {
        ...{ maxRooms: 10, maxMembers: 10, slow: "drop" },
    })
    t.after(() => relay.close())
    const got = { messages: 0 }
    const member = (protocol: string): Member => ({
        ...{ protocol, takesBinary: true, buffered: 0 },
        send: () => got.messages++,
        close: () => {},
    })
    return { relay, got, member }
}

/** In each room a member of each relay, one of them told of presence, and a message. */
async function openAndLeave(
    relays: ReturnType<typeof startRelay>[],
    from: number,
    to: number
): Promise<void> {
    for (let i = from; i < to; ++i) {
        if (i % 100 === 0) await setImmediate()
        const inside = relays.map(({ relay, member }) => {
            const plain = member("")
            const watcher = member("presence")
            for (const one of [plain, watcher]) relay.join(one, `room ${i}`)
            return { relay, plain, watcher }
        })
        const [{ relay, plain }] = inside
        relay.message(plain, { type: "text", data: "on" })
        for (const { relay, plain, watcher } of inside)
            for (const one of [plain, watcher]) relay.leave(one)
    }
}

const broker = new WorkerBroker()
after(() => broker.close())

for (const [what, buses] of Object.entries({
    "on one server": [new LocalBus()],
    "on two workers": [new BrokeredBus(broker), new BrokeredBus(broker)],
}))
    test(`rooms that are opened and left take no memory, ${what}`, async t => {
        const relays = buses.map(bus => startRelay(t, bus))
        await openAndLeave(relays, 0, 1000)
        const before = await heap()
        await openAndLeave(relays, 1000, 1000 + ROOMS)
        const growth = (await heap()) - before
        for (const { got, relay } of relays) {
            assert.ok(got.messages > ROOMS)
            assert.equal(relay.rooms + relay.members, 0)
        }
        t.diagnostic(`${ROOMS} rooms: ${growth} bytes more`)
        assert.ok(growth < BYTES_PER_ROOM * ROOMS, `${growth} bytes more`)
    })
