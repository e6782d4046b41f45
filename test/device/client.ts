import { Message } from "../../src/protocol/message"
import { End } from "../../src/websocket/connection"
import { connectOver, ConnectOptions } from "../../src/websocket/connect-over"
import { Rfc6455Connection } from "../../src/websocket/rfc6455"
import { breathe } from "./check"
import { Peer, Task } from "./peer"
import { Network } from "./pipe"

/** A connection to a peer that the test plays. */
export class Client {
    readonly network = new Network()
    ws: Rfc6455Connection
    peer: Peer
    private reader: Task<void>

    /** Connects in the background. */
    opening(
        options?: ConnectOptions,
        url = "ws://peer/"
    ): Task<Rfc6455Connection> {
        const { dial } = this.network
        return new Task(async () => await connectOver(dial, url, options))
    }

    /** The peer of the next connection. */
    async dialed(): Promise<Peer> {
        this.peer = new Peer(await this.network.next())
        return this.peer
    }

    /** Reads in the background until the end. @param handle gets the messages */
    read(handle?: (message: Message) => void) {
        const { ws } = this
        this.reader = new Task(async () => await readAll(ws, handle))
    }

    /** Waits for the end; reads until then, if nobody does. */
    async ended(): Promise<End> {
        if (!this.reader) this.read()
        await this.reader.result()
        return this.ws.end
    }

    /** The peer ends the connection; waits until the client has noticed. */
    async finish(): Promise<End> {
        this.peer.pipe.end()
        return await this.ended()
    }
}

async function readAll(
    ws: Rfc6455Connection,
    handle: (message: Message) => void
) {
    try {
        for (;;) {
            const message = await ws.recv()
            if (!message) return
            if (handle) handle(message)
        }
    } catch (e: any) {
        if (ws.end.error !== e) throw e
    }
}

/** An open connection; it is for the test to read. @param headers of the reply, see `Peer.accept` */
export async function connected(
    options?: ConnectOptions,
    headers?: string
): Promise<Client> {
    await breathe()
    const client = new Client()
    const task = client.opening(options)
    await (await client.dialed()).accept(headers)
    client.ws = await task.result()
    return client
}

/** An open connection that is being read. */
export async function reading(options?: ConnectOptions): Promise<Client> {
    const client = await connected(options)
    client.read()
    return client
}
