import { describe, expect, test } from "@devicescript/test"
import { failover } from "../../src/net/failover"
import { Address, Stream } from "../../src/net/stream"
import { breathe } from "./check"
import { Network, settle } from "./pipe"

const ADDRESS: Address = { host: "server", port: 80 }

/** Two networks as one, the first of which does not work at first. */
async function onTheSecond() {
    await breathe()
    const first = new Network()
    const second = new Network()
    const dial = failover([first.dial, second.dial], { retry: 5, quiet: 5 })
    first.refuse("no network")
    const stream = await dial(ADDRESS)
    await second.next()
    return { first, second, dial, stream }
}

describe("failover", () => {
    test("has the preferred network's connection ready when it ends the other one", async () => {
        const { first, second, dial, stream } = await onTheSecond()
        const better = await first.next()
        expect(await stream.recv()).toBe(null)
        await dial(ADDRESS)
        expect(better.closed).toBe(false)
        expect(first.dialed.length).toBe(2)
        expect(second.dialed.length).toBe(1)
    })

    test("gives the preferred network's connection up when the other one has ended by itself meanwhile", async () => {
        const { first, dial, stream } = await onTheSecond()
        first.hold()
        while (first.dialed.length < 2) await settle()
        await stream.close()
        first.release()
        const late = await first.next()
        await late.abandoned()
        await dial(ADDRESS)
        expect((await first.next()).closed).toBe(false)
        expect(first.dialed.length).toBe(3)
    })

    test("does not try the preferred network any more when the other one has ended", async () => {
        const { first, stream } = await onTheSecond()
        await stream.close()
        const { length } = first.dialed
        for (let i = 0; i < 5; ++i) await settle()
        expect(first.dialed.length).toBe(length)
    })

    test("hands on how much a network may have lost, and how to prove that it has not", async () => {
        const inner: Stream = {
            credit: 100,
            send: async data => {
                inner.credit -= data.length
            },
            prove: async () => {
                inner.credit = 100
            },
            recv: async () => undefined,
            close: async () => {},
        }
        const stream = await failover([async () => inner])(ADDRESS)
        expect(stream.credit).toBe(100)
        await stream.send(Buffer.alloc(30))
        expect(stream.credit).toBe(70)
        await stream.prove(Buffer.alloc(2), "")
        expect(stream.credit).toBe(100)
    })
})
