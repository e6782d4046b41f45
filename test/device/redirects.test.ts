import { describe, expect, test } from "@devicescript/test"
import { sleep } from "../../src/fiber/clock"
import { HandshakeValue } from "../../src/protocol/handshake-value"
import { HandshakeError } from "../../src/protocol/response"
import { basic } from "../../src/websocket/basic"
import { headers } from "../../src/websocket/headers"
import {
    followRedirects,
    RedirectsOptions,
} from "../../src/websocket/redirects"
import { subprotocols } from "../../src/websocket/subprotocols"
import { expectReject, expectText } from "./check"

interface Options {
    handshake?: HandshakeValue[]
    other?: string
}

/** A `connect` whose servers redirect, one after the other, to these places. */
class Servers {
    /** Each attempt: its URL, and how many handshake values it had. */
    log = ""
    options: Options

    constructor(
        private readonly locations: string[],
        private readonly status = 302
    ) {}

    async connect(url: string, options: Options): Promise<string> {
        await sleep(0)
        const { locations } = this
        const values =
            options && options.handshake ? options.handshake.length : 0
        this.log += `${url} ${values}; `
        this.options = options
        if (!locations.length) return "connected"
        const location = locations[0]
        locations.insert(0, -1)
        throw new HandshakeError(this.status, "no", location)
    }
}

async function follow(
    servers: Servers,
    url: string,
    options?: RedirectsOptions,
    connectOptions?: Options
): Promise<string> {
    const connect = async (url: string, options: Options) =>
        await servers.connect(url, options)
    return await followRedirects(connect, options)(url, connectOptions)
}

/** The redirects are followed to their end. @param log of the attempts */
async function expectFollowed(
    locations: string[],
    log: string,
    url = "ws://a/b/c?d",
    options?: RedirectsOptions
) {
    const servers = new Servers(locations)
    const handshake = [
        headers({ Cookie: "secret" }),
        subprotocols("bearer.secret"),
    ]
    expectText(
        await follow(servers, url, options, { handshake, other: "x" }),
        "connected"
    )
    expectText(servers.log, log)
    expectText(servers.options.other, "x")
}

async function expectRefused(
    locations: string[],
    log: string,
    url = "ws://a/",
    options?: RedirectsOptions,
    status = 302
) {
    const servers = new Servers(locations, status)
    const error = await expectReject(
        async () => await follow(servers, url, options),
        HandshakeError,
        `${status} no`
    )
    expectText(servers.log, log)
    return error
}

function repeated(text: string, size: number): string {
    let all = text
    while (all.length < size) all += all
    return all.slice(0, size)
}

// RFC 9110, 15.4 and RFC 6455, 4.1
describe("redirects", () => {
    test("are followed, on the same server with all that is meant for it", async () => {
        await expectFollowed(
            ["e", "/f?g", "ws://A:80/h"],
            "ws://a/b/c?d 2; ws://a/b/e 2; ws://a/f?g 2; ws://A/h 2; "
        )
        await expectFollowed(
            ["e"],
            "ws://u:p@a:81/ 2; ws://u:p@a:81/e 2; ",
            "ws://u:p@a:81/"
        )
    })

    test("to another server, port or security take nothing along", async () => {
        const begin = "ws://u:p@a/ 2; "
        const url = "ws://u:p@a/"
        await expectFollowed(["ws://b/"], `${begin}ws://b/ 0; `, url)
        await expectFollowed(["//a:81/g"], `${begin}ws://a:81/g 0; `, url)
        await expectFollowed(["https://a/?i"], `${begin}wss://a/?i 0; `, url)
    })

    test("do not bring back what was held back once", async () => {
        await expectFollowed(
            ["ws://b/", "ws://a/"],
            "ws://u@a/ 2; ws://b/ 0; ws://a/ 0; ",
            "ws://u@a/"
        )
    })

    test("bring no password of their own", async () => {
        await expectFollowed(
            ["ws://v:q@b/", "ws://w:r@b/x"],
            "ws://a/ 2; ws://b/ 0; ws://b/x 0; ",
            "ws://a/"
        )
    })

    test("to another server take along what is meant for it", async () => {
        const elsewhere = [basic("u", "p")]
        await expectFollowed(
            ["/x", "ws://b/"],
            "ws://a/ 2; ws://a/x 2; ws://b/ 1; ",
            "ws://a/",
            { elsewhere }
        )
    })

    test("are followed so many times, and no more", async () => {
        const log = "ws://a/ 0; ws://a/1 0; ws://a/2 0; "
        const error = await expectRefused(["/1", "/2", "/3"], log, "ws://a/", {
            max: 2,
        })
        expectText(error.location, "/3")
        await expectRefused(["/1"], "ws://a/ 0; ", "ws://a/", { max: 0 })
        const five = ["/1", "/2", "/3", "/4", "/5"]
        await expectFollowed(
            five.slice(),
            "ws://a/ 2; ws://a/1 2; ws://a/2 2; ws://a/3 2; ws://a/4 2; ws://a/5 2; ",
            "ws://a/"
        )
        five.push("/6")
        await expectRefused(
            five,
            "ws://a/ 0; ws://a/1 0; ws://a/2 0; ws://a/3 0; ws://a/4 0; ws://a/5 0; "
        )
    })

    test("do not lead away from TLS", async () => {
        await expectRefused(["ws://a/"], "wss://a/ 0; ", "wss://a/")
        await expectRefused(["http://b/"], "wss://a/ 0; ", "wss://a/")
        await expectFollowed(
            ["wss://b/", "//c/"],
            "ws://a/ 2; wss://b/ 0; wss://c/ 0; ",
            "ws://a/"
        )
    })

    test("to what is no WebSocket URL are refusals", async () => {
        for (const location of ["ftp://x/", "ws://", "/ä", "/a b"])
            await expectRefused([location], "ws://a/ 0; ")
    })

    test("are those of HTTP, with a place to go to", async () => {
        for (const status of [301, 302, 303, 307, 308]) {
            const servers = new Servers(["/x"], status)
            expectText(await follow(servers, "ws://a/"), "connected")
        }
        for (const status of [200, 300, 304, 305, 306, 309, 401, 503])
            await expectRefused(["/x"], "ws://a/ 0; ", "ws://a/", {}, status)
        await expectRefused([undefined], "ws://a/ 0; ")
    })

    // a Location of 7 KB once ended the VM
    test("may be long, up to a limit", async () => {
        for (const path of ["/a", "/.", "/..", "/%41", "./", "../"]) {
            const fitting = repeated(path, 1490)
            const servers = new Servers([fitting])
            expectText(await follow(servers, "ws://a/b"), "connected")
            await expectRefused([repeated(path, 7000)], "ws://a/ 0; ")
            // relative to one another, they must not add up
            const steps = new Servers([
                repeated(path, 700),
                repeated(path, 700),
                repeated(path, 700),
            ])
            try {
                await follow(steps, "ws://a/b")
            } catch (e: any) {
                expect(e instanceof HandshakeError).toBe(true)
            }
        }
    })

    test("leave other errors alone", async () => {
        const fail = async (
            _url: string,
            _options?: Options
        ): Promise<string> => {
            throw new RangeError("x")
        }
        await expectReject(
            async () => await followRedirects(fail)("ws://a/"),
            RangeError,
            "x"
        )
    })
})
