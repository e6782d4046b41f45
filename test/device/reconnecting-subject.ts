/** A `Reconnecting` under test, over connections that are played, and what it tells. */
import { notify, Signal, wait } from "../../src/fiber/signal"
import { Down } from "../../src/websocket/backoff"
import {
    Reconnecting,
    reconnecting,
    ReconnectingOptions,
} from "../../src/websocket/reconnecting"
import { expectText } from "./check"
import { FakeConnection, FakeServer } from "./fake-connection"
import { Task } from "./peer"

export const SOON = 1
/** Long enough for the test to act in the pause. */
export const LATER = 600000

/** What is under test, and what it tells. */
export class Subject {
    readonly server = new FakeServer()
    readonly ws: Reconnecting
    /** Opened and closed, in a few characters each. */
    log = ""
    /** Messages that will not be sent. */
    drops = ""
    ends = 0
    /** What went wrong last. */
    error: string
    private readonly changed = new Signal()

    /** @param pause before the next attempt; undefined: there is none */
    constructor(pause: number, options: ReconnectingOptions = {}) {
        const self = this
        const { server } = this
        this.ws = reconnecting(
            async () => await server.open(),
            () => pause,
            {
                ...options,
                onopen: () => {
                    self.log += "open; "
                },
                onclose: down => self.closed(down),
                ondrop: ({ data, reason }) => {
                    self.drops += `${data}: ${reason}; `
                },
            }
        )
    }

    /** The next attempt leads to a connection. */
    async connected(): Promise<FakeConnection> {
        const connection = new FakeConnection()
        this.server.give(connection)
        await this.ws.opened()
        return connection
    }

    /** Waits for an end. @param number 1 for the first */
    async ended(number: number) {
        while (this.ends < number) await wait(this.changed)
    }

    private closed(down: Down) {
        const error: any = down.error
        this.ends++
        if (error) this.error = error.message
        this.log += `${down.code} ${error ? error.name : "none"} ${down.retry}; `
        notify(this.changed)
    }
}

export function sending(ws: Reconnecting, data: string | Buffer): Task<void> {
    return new Task(async () => await ws.send(data))
}

export async function expectMessage(ws: Reconnecting, text: string) {
    expectText((await ws.recv()).text(), text)
}
