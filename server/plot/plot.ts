import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { LocalBus, type Bus } from "../bus/bus.ts"
import { Devices } from "./devices.ts"
import { Publisher } from "./publisher.ts"
import { Hub } from "./hub.ts"
import { PlotPages } from "./pages.ts"

/** What a server plots: its devices and sources, and those of all servers on its bus. */
export class Plot {
    readonly hub: Hub
    readonly publisher: Publisher
    readonly devices: Devices
    readonly pages: PlotPages
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
        this.pages = new PlotPages(hub)
    }

    /** Resolves when it shows what the bus remembers. */
    static async start(bus: Bus = new LocalBus()): Promise<Plot> {
        return new Plot(bus, await Hub.start(bus))
    }

    /** Resolves when the other servers on the bus know that this one has gone. */
    async close(): Promise<void> {
        this.publisher.close()
        await this.#bus.close()
        this.hub.close()
    }
}
