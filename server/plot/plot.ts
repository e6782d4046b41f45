import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import type { Connection, ConnectionSettings } from "../websocket/connection.ts"
import { LocalBus, type Bus } from "../bus/bus.ts"
import { Devices } from "./devices.ts"
import { Publisher } from "./publisher.ts"
import { Hub } from "./hub.ts"
import { PageSession } from "./session.ts"

/** Bytes of a batch: 20,000 points and a full table are about half of it. */
const LONGEST_BATCH = 2 * 1024 * 1024

/** What a server plots: its devices and sources, and those of all servers on its bus. */
export class Plot {
    readonly hub: Hub
    readonly publisher: Publisher
    readonly devices: Devices
    readonly #bus: Bus

    private constructor(bus: Bus, hub: Hub) {
        this.#bus = bus
        this.hub = hub
        this.publisher = new Publisher(
            bus,
            `${hostname()} ${randomUUID()}`,
            () => this.devices.look()
        )
        this.devices = new Devices(this.publisher)
    }

    /** Resolves when it shows what the bus remembers. */
    static async start(bus: Bus = new LocalBus()): Promise<Plot> {
        return new Plot(bus, await Hub.start(bus))
    }

    /** Makes a connection that shows a page the plot. */
    openPage(
        connect: (settings: Partial<ConnectionSettings>) => Connection
    ): Connection {
        let written = () => {}
        const connection = connect({
            reply: message => {
                if (message.data.length === 0) session.ask()
                else connection.close(1008, "expected an empty message")
                return undefined
            },
            push: undefined,
            faults: {},
            // one batch is on its way at a time, and it may be longer than what a device is to send
            maxBuffered: LONGEST_BATCH,
            hardLimit: 4 * LONGEST_BATCH,
            written: () => written(),
        })
        const session = new PageSession(this.hub, {
            send(data, whenWritten) {
                written = whenWritten
                connection.send({ type: "text", data })
            },
        })
        void connection.closed.then(() => session.end())
        return connection
    }

    /** Resolves when the other servers on the bus know that this one has gone. */
    async close(): Promise<void> {
        this.publisher.close()
        await this.#bus.close()
        this.hub.close()
    }
}
