import { describe, expect, test } from "@devicescript/test"
import { HandshakeError } from "../../src/protocol/handshake"
import { WebSocketOptions } from "../../src/websocket/websocket"
import { expectError, expectText } from "./check"
import { headerOf } from "./frames"
import { Connection, Peer, showEnd } from "./peer"

/** The server of the next dial redirects. @returns the request that it got */
async function redirected(
    connection: Connection,
    location: string
): Promise<string> {
    const peer = await connection.dialed()
    const request = await peer.readRequest()
    peer.say(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`)
    return request
}

/** Follows redirects to their end. @returns the target that is accepted there */
async function follow(
    connection: Connection,
    locations: string[]
): Promise<Peer> {
    for (const location of locations) await redirected(connection, location)
    return await connection.accepted()
}

function requestTarget(peer: Peer): string {
    return peer.request.slice(0, peer.request.indexOf(" HTTP"))
}

function dialed(connection: Connection): string {
    return connection.network.dialed
        .map(({ host, port, secure }) => `${secure ? "s" : ""}${host}:${port}`)
        .join()
}

const SECRETS: WebSocketOptions = {
    redirects: 5,
    protocols: ["a"],
    origin: "https://o",
    headers: { Cookie: "secret", "X-Key": "secret" },
}

/** What must only reach the server it was meant for. */
function secrets(peer: Peer): string {
    const { request } = peer
    return ["Cookie", "X-Key", "Authorization"]
        .map(name => (headerOf(request, name) === undefined ? "-" : "+"))
        .join()
}

// RFC 9110, 15.4 and RFC 6455, 4.1
describe("redirects", () => {
    test("are followed", async () => {
        const connection = new Connection({ redirects: 3 }, "ws://a/b/c?d")
        const peer = await follow(connection, ["e", "//f:81/g", "https://h/?i"])
        expectText(dialed(connection), "a:80,a:80,f:81,sh:443")
        expectText(requestTarget(peer), "GET /?i")
        expectText(headerOf(peer.request, "Host"), "h")
        expect(connection.ends.length).toBe(0)
        await connection.finish()
    })

    test("end the connection before the next one is dialed", async () => {
        const connection = new Connection({ redirects: 1 })
        await redirected(connection, "/x")
        const { pipe } = connection.peer
        await connection.accepted()
        expect(pipe.closed).toBe(true)
        expect(pipe.available()).toBe(0)
        await connection.finish()
    })

    test("are not followed unless it is allowed", async () => {
        const connection = new Connection()
        await redirected(connection, "/x")
        const end = await connection.ended()
        expectText(showEnd(end), 'torn 1006 "" HandshakeError')
        const error = expectError(end.error, HandshakeError, "to /x")
        expect(error.status).toBe(302)
        expectText(error.location, "/x")
        expect(connection.network.dialed.length).toBe(1)
    })

    test("are followed so many times, and no more", async () => {
        const connection = new Connection({ redirects: 2 })
        for (const location of ["/1", "/2", "/3"])
            await redirected(connection, location)
        const { error } = await connection.ended()
        expectText(expectError(error, HandshakeError, "").location, "/3")
        expect(connection.network.dialed.length).toBe(3)
    })

    test("to what is no WebSocket URL end it", async () => {
        for (const location of ["ftp://x/", "ws://", "/ä"]) {
            const connection = new Connection({ redirects: 2 })
            await redirected(connection, location)
            expectError((await connection.ended()).error, TypeError, "URL")
            expect(connection.network.dialed.length).toBe(1)
        }
    })

    test("on the same server keep its headers and its password", async () => {
        const connection = new Connection(SECRETS, "ws://u:p@a/")
        const peer = await follow(connection, ["/x", "ws://a:80/y"])
        expectText(secrets(peer), "+,+,+")
        expectText(headerOf(peer.request, "Authorization"), "Basic dTpw")
        await connection.finish()
    })

    test("to another server, port or security keep headers and password back", async () => {
        for (const location of ["ws://b/", "ws://a:81/", "wss://a/"]) {
            const connection = new Connection(SECRETS, "ws://u:p@a/")
            const peer = await follow(connection, [location])
            expectText(secrets(peer), "-,-,-")
            expectText(headerOf(peer.request, "Sec-WebSocket-Protocol"), "a")
            expectText(headerOf(peer.request, "Origin"), "https://o")
            await connection.finish()
        }
    })

    test("do not bring headers back that were held back once", async () => {
        const connection = new Connection(SECRETS, "ws://u:p@a/")
        const peer = await follow(connection, ["ws://b/", "ws://a/"])
        expectText(secrets(peer), "-,-,-")
        await connection.finish()
    })

    test("may bring a password of their own", async () => {
        const connection = new Connection({ redirects: 1 }, "ws://u:p@a/")
        const peer = await follow(connection, ["ws://v:q@b/"])
        expectText(headerOf(peer.request, "Authorization"), "Basic djpx")
        await connection.finish()
    })
})
