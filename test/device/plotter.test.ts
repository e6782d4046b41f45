import { describe, expect, test } from "@devicescript/test"
import { Plot, plotter, TELEPLOT } from "../../src/websocket/plotter"
import { StreamError } from "../../src/net/stream"
import { expectReject, expectText } from "./check"
import { FakeConnection } from "./fake-connection"

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
        const connection = new FakeConnection(TELEPLOT)
        const plot = plotter(connection)
        await plot("temperature", 1000, 21.5)
        await plot("temperature", -0.25)
        await plot("Temperatur außen", 0, 0)
        await plot("x", 1627551892437, 1e-7)
        expectText(
            connection.sent.join(),
            ">temperature:1000:21.5,>temperature:-0.25,>Temperatur außen:0:0,>x:1627551892437:1e-7"
        )
    })

    test("sends a unit behind each value", async () => {
        const connection = new FakeConnection(TELEPLOT)
        const plot = plotter(connection, "°C")
        await plot("temperature", 1000, 21.5)
        await plot("temperature", 22)
        expectText(
            connection.sent.join(),
            ">temperature:1000:21.5§°C,>temperature:22§°C"
        )
    })

    test("takes no name or number that would not be read", async () => {
        const connection = new FakeConnection(TELEPLOT)
        const plot = plotter(connection)
        for (const name of ["", " ", "a:b", "a\nb", "\r", "\u007f"])
            await expectNoPoint(plot, name, 1, 1, "expected a name")
        const text: any = "1"
        for (const value of [NaN, Infinity, -Infinity, null, text]) {
            await expectNoPoint(plot, "a", value, 1, "expected a finite number")
            await expectNoPoint(plot, "a", 1, value, "expected a finite number")
        }
        expect(connection.sent.length).toBe(0)
    })

    test("says so when the server did not agree", async () => {
        const connection = new FakeConnection("b")
        await expectReject(
            async () => await plotter(connection)("a", 1),
            RangeError,
            'expected the subprotocol teleplot, the server chose "b"'
        )
        expect(connection.sent.length).toBe(0)
    })

    test("fails when the connection is gone", async () => {
        const connection = new FakeConnection(TELEPLOT)
        connection.finish()
        await expectReject(
            async () => await plotter(connection)("a", 1),
            StreamError,
            "gone"
        )
    })
})
