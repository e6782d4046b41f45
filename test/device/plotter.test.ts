import { describe, expect, test } from "@devicescript/test"
import { Plot, plotter } from "../../src/websocket/plotter"
import { StreamError } from "../../src/net/stream"
import { backoff } from "../../src/websocket/reconnect"
import { expectReject, expectText } from "./check"
import { Connection, showFrame, Task } from "./peer"

const AGREED = "Sec-WebSocket-Protocol: teleplot\r\n"

/** A WebSocket whose server has a plot. */
async function plotted(): Promise<Connection> {
    const connection = new Connection({ protocols: ["teleplot"] })
    await connection.accepted(AGREED)
    return connection
}

async function expectNoPoint(
    plot: Plot,
    name: string,
    x: number,
    y: number,
    why: string
) {
    await expectReject(async () => await plot(name, x, y), RangeError, why)
}

describe("plot", () => {
    // https://github.com/nesnes/teleplot#telemetry-format
    test("sends a line for each point, with x or without", async () => {
        const connection = await plotted()
        const { ws, peer } = connection
        const plot = plotter(ws)
        await plot("temperature", 1000, 21.5)
        await plot("temperature", -0.25)
        await plot("Temperatur außen", 0, 0)
        await plot("x", 1627551892437, 1e-7)
        await ws.send("a message")
        for (const line of [
            ">temperature:1000:21.5",
            ">temperature:-0.25",
            ">Temperatur außen:0:0",
            ">x:1627551892437:1e-7",
            "a message",
        ])
            expectText(showFrame(await peer.frame()), `81 ${line}`)
        await connection.finish()
    })

    test("takes no name or number that would not be read", async () => {
        const connection = await plotted()
        const plot = plotter(connection.ws)
        for (const name of ["", " ", "a:b", "a\nb", "\r", "\u007f"])
            await expectNoPoint(plot, name, 1, 1, "expected a name")
        const text: any = "1"
        for (const value of [NaN, Infinity, -Infinity, null, text]) {
            await expectNoPoint(plot, "a", value, 1, "expected a finite number")
            await expectNoPoint(plot, "a", 1, value, "expected a finite number")
        }
        expect(connection.peer.pipe.available()).toBe(0)
        await connection.finish()
    })

    test("says so when the server did not agree", async () => {
        const connection = new Connection({ protocols: ["teleplot", "b"] })
        const peer = await connection.accepted("Sec-WebSocket-Protocol: b\r\n")
        await expectReject(
            async () => await plotter(connection.ws)("a", 1),
            RangeError,
            'expected the subprotocol teleplot, the server chose "b"'
        )
        expect(peer.pipe.available()).toBe(0)
        await connection.finish()
    })

    test("waits for the connection, and for the next one", async () => {
        const connection = new Connection({
            protocols: ["teleplot"],
            reconnect: backoff({ initial: 1, max: 1 }),
        })
        const plot = plotter(connection.ws)
        for (let i = 1; i < 3; ++i) {
            const task = new Task(async () => await plot("a", 1, 2))
            const peer = await connection.dialed()
            await peer.accept(AGREED)
            await task.result()
            expectText(showFrame(await peer.frame()), "81 >a:1:2")
            peer.pipe.end()
            await connection.ended(i)
        }
        await connection.ws.close()
        await expectReject(
            async () => await plot("a", 1),
            StreamError,
            "closed"
        )
    })
})
