/** permessage-deflate with other people's clients: every combination of parameters, from 0 bytes to 1 MB. */
import assert from "node:assert/strict"
import { on } from "node:events"
import { connect as connectTcp } from "node:net"
import { test, type TestContext } from "node:test"
import type { WebSocket } from "ws"
import * as faye from "../wire/faye.ts"
import { once, within } from "../wire/wait.ts"
import { json, noise } from "./compression-data.ts"
import { connect, serve } from "./peers.ts"

/** What a client offers. */
interface Offer {
    clientBits?: number | false
    serverBits?: number
    clientForgets: boolean
    serverForgets: boolean
}

/** A client, to which every message comes back. */
interface Client {
    /** The extensions that were agreed on */
    extensions: string
    /** Sends a message and resolves to the next one. */
    ask(message: Buffer | string): Promise<Buffer>
    /** Sends a Ping and resolves with its Pong. */
    ping(): Promise<unknown>
    ws?: WebSocket
}

const WS = async (t: TestContext, url: string, offer: Offer) => {
    const { ws, ask } = await connect(t, url, {
        perMessageDeflate: {
            threshold: 0,
            zlibDeflateOptions: { level: 1 },
            // the types do not know `false`, which leaves it out
            clientMaxWindowBits: offer.clientBits as number,
            serverMaxWindowBits: offer.serverBits,
            // `false` is more than not to offer it: the server may not ask for it then
            clientNoContextTakeover: offer.clientForgets || undefined,
            serverNoContextTakeover: offer.serverForgets,
        },
    })
    const client: Client = {
        extensions: ws.extensions,
        ask: async message => (await ask(message)).data,
        ping: () => {
            ws.ping()
            return once(ws, "pong")
        },
        ws,
    }
    return client
}

const FAYE = async (t: TestContext, url: string, offer: Offer) => {
    const driver = faye.client(url)
    driver.addExtension(
        faye.deflate.configure({
            level: 1,
            noContextTakeover: offer.clientForgets,
            requestNoContextTakeover: offer.serverForgets,
            ...(offer.clientBits && { maxWindowBits: offer.clientBits }),
            ...(offer.serverBits && { requestMaxWindowBits: offer.serverBits }),
        })
    )
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1")
    t.after(() => socket.destroy())
    let head = ""
    socket.once("data", chunk => (head = chunk.toString("latin1")))
    socket.pipe(driver.io).pipe(socket)
    const messages = on(driver, "message")
    const open = once(driver, "open")
    driver.start()
    await open
    const client: Client = {
        extensions: /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(head)?.[1] ?? "",
        ask: async message => {
            if (typeof message === "string") driver.text(message)
            else driver.binary(message)
            const { value } = await within(messages.next(), "a message")
            return Buffer.from(value[0].data)
        },
        ping: () =>
            within(new Promise<void>(done => driver.ping("", done)), "a Pong"),
    }
    return client
}

/** The empty one twice, for the second one is another one for zlib. */
const SIZES = [0, 0, 1, 16, 127, 128, 1024, 65_535, 65_536, 1024 * 1024]

/** Asks for messages of all sizes, and for short ones that are alike. */
async function exchange({ ask, ping }: Client): Promise<void> {
    for (const size of SIZES) {
        const text = json(size)
        assert.equal((await ask(text)).toString(), text, `${size} bytes`)
    }
    for (let i = 0; i < 20; ++i) {
        const text = json(500 + i)
        assert.equal((await ask(text)).toString(), text)
        const bytes = noise(100 + i)
        assert.ok((await ask(bytes)).equals(bytes))
    }
    await ping()
}

/** Sends a message in fragments, with a Ping between any two. */
async function exchangeFragments(ws: WebSocket): Promise<void> {
    for (const size of [3, 1000, 200_000]) {
        const text = json(size)
        const step = Math.ceil(size / 7)
        const answer = once(ws, "message")
        for (let at = 0; at < size; at += step) {
            const fin = at + step >= size
            ws.send(text.slice(at, at + step), { fin, compress: true })
            ws.ping()
        }
        assert.equal(String((await answer)[0]), text)
    }
}

const FLAGS = [false, true]

function offers(clientBits: Offer["clientBits"][]): Offer[] {
    return clientBits.flatMap(clientBits =>
        [undefined, 8, 9, 15].flatMap(serverBits =>
            FLAGS.flatMap(clientForgets =>
                FLAGS.map(serverForgets => ({
                    ...{ clientBits, serverBits },
                    ...{ clientForgets, serverForgets },
                }))
            )
        )
    )
}

const describe = ({ clientBits, serverBits, ...rest }: Offer) =>
    `client_max_window_bits ${clientBits === false ? "left out" : (clientBits ?? "without a value")}` +
    (serverBits ? `, server_max_window_bits ${serverBits}` : "") +
    (rest.clientForgets ? ", client_no_context_takeover" : "") +
    (rest.serverForgets ? ", server_no_context_takeover" : "")

for (const offer of offers([false, undefined, 8, 15]))
    test(`ws: ${describe(offer)}`, async t => {
        const { url } = await serve(t, { mode: "echo", compress: true })
        const client = await WS(t, url, offer)
        assert.equal(client.extensions, "permessage-deflate")
        await exchange(client)
        await exchangeFragments(client.ws!)
    })

// it cannot leave out client_max_window_bits
for (const offer of offers([undefined, 8, 15]))
    test(`faye: ${describe(offer)}`, async t => {
        const { url } = await serve(t, { mode: "echo", compress: true })
        const client = await FAYE(t, url, offer)
        assert.match(client.extensions, /^permessage-deflate; /)
        await exchange(client)
    })
