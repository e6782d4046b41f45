import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { ProtocolError } from "../../src/protocol/codes"
import { HandshakeError } from "../../src/protocol/response"
import { connectOver } from "../../src/websocket/connect-over"
import { subprotocols } from "../../src/websocket/subprotocols"
import { expectReject, expectText } from "./check"
import { Client, connected } from "./client"
import { acceptance, text } from "./frames"
import { expectFailed } from "./peer"
import { Network } from "./pipe"

/** The handshake fails with this when the server says something. */
async function expectRefused(reply: string, type: any, part: string) {
    const client = new Client()
    const task = client.opening()
    const peer = await client.dialed()
    await peer.readRequest()
    peer.say(reply)
    await expectFailed(task, type, part)
    expect(peer.pipe.closed).toBe(true)
}

/** The handshake ends when the server does not answer. */
async function expectSilence(writes?: number) {
    const client = new Client()
    client.network.writes = writes
    const task = client.opening({ handshakeTimeout: 20 })
    const { pipe } = await client.dialed()
    await expectFailed(task, StreamError, "no response")
    expect(pipe.closed).toBe(true)
    expect(client.network.dialed[0].timeout).toBe(20)
}

describe("connecting", () => {
    test("dials the URL's host and port", async () => {
        const expected = [
            ["ws://a.org/x", "a.org 80 false"],
            ["wss://a.org", "a.org 443 true"],
            ["wss://[fe80::1]:81/?q", "fe80::1 81 true"],
        ]
        for (const pair of expected) {
            const client = new Client()
            const task = client.opening({}, pair[0])
            const { pipe } = await client.dialed()
            const { host, port, secure } = client.network.dialed[0]
            expectText(`${host} ${port} ${secure}`, pair[1])
            pipe.end()
            await expectFailed(task, StreamError, "no response")
        }
    })

    test("dials nothing with an invalid URL", async () => {
        const network = new Network()
        await expectReject(
            async () => await connectOver(network.dial, "http://peer/"),
            TypeError,
            "http://peer/"
        )
        expect(network.dialed.length).toBe(0)
    })

    test("fails with what is to blame", async () => {
        const client = new Client()
        client.network.refuse("no route")
        await expectFailed(client.opening(), StreamError, "no route")
        await expectRefused(
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            HandshakeError,
            "403 Forbidden"
        )
        await expectRefused("220 smtp\r\n\r\n", ProtocolError, "220 smtp")
    })

    test("gives a silent server up", async () => {
        await expectSilence()
    })

    test("gives up when the request can't be sent", async () => {
        await expectSilence(0)
    })

    test("gives a silent server up after 25 days, too", async () => {
        const clock: any = ds
        const millis = ds.millis
        clock.millis = () => millis() + 25 * 24 * 3600 * 1000
        try {
            await expectSilence()
        } finally {
            clock.millis = millis
        }
    })

    // zephyr #89193
    test("loses nothing that comes with the response", async () => {
        for (const size of [0, 1, 100, 127, 128, 129, 300]) {
            const client = new Client()
            const task = client.opening({
                handshake: [subprotocols("chat", "x")],
            })
            const peer = await client.dialed()
            const request = await peer.readRequest()
            let filler = ""
            while (filler.length < size) filler += "x"
            const response = acceptance(
                request,
                `Sec-WebSocket-Protocol: x\r\nFiller: ${filler}\r\n`
            )
            peer.pipe.push(
                Buffer.concat(Buffer.from(response), text("a"), text("b"))
            )
            const ws = await task.result()
            client.ws = ws
            expectText(ws.protocol, "x")
            expectText((await ws.recv()).text(), "a")
            expectText((await ws.recv()).text(), "b")
            await client.finish()
        }
    })

    test("has no subprotocol without asking for one", async () => {
        const client = await connected()
        expectText(client.ws.protocol, "")
        await client.finish()
    })
})
