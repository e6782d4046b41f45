import { expect } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { HandshakeError } from "../../src/protocol/handshake"
import { WebSocketOptions } from "../../src/websocket/websocket"
import { expectError } from "./check"
import { acceptance, ping } from "./frames"
import { Connection } from "./peer"

/** Makes a reply from the one that accepts the upgrade. */
export type Reply = (good: string) => string

/** The accepting reply with one part replaced. */
export function swap(part: string, by: string): Reply {
    return good => replace(good, part, by)
}

/** The accepting reply with a header more. */
export function add(header: string): Reply {
    return swap("Upgrade:", `${header}\r\nUpgrade:`)
}

/** Replaces the first such part of a text. */
export function replace(all: string, part: string, by: string): string {
    const at = all.indexOf(part)
    if (at < 0) throw new Error(`expected "${part}" in "${all}"`)
    return all.slice(0, at) + by + all.slice(at + part.length)
}

/** The error with which a WebSocket ends whose server gives this reply; undefined when it opens. */
export async function errorAfter(
    reply: Reply,
    options?: WebSocketOptions
): Promise<any> {
    const connection = new Connection(options)
    const peer = await connection.dialed()
    peer.say(reply(acceptance(await peer.readRequest())))
    peer.pipe.push(ping("open?"))
    const frame = await peer.frame()
    const { error } = await connection.finish()
    if (frame) return undefined
    expect(peer.pipe.available()).toBe(0)
    return error
}

/** The reply opens the WebSocket. */
export async function expectOpen(reply: Reply, options?: WebSocketOptions) {
    const error = await errorAfter(reply, options)
    if (error) throw error
}

/** The reply breaks the protocol. */
export async function expectFailure(
    reply: Reply,
    reason: string,
    options?: WebSocketOptions
) {
    expectError(await errorAfter(reply, options), ProtocolError, reason)
}

/** The error after a reply that refuses the upgrade. */
export async function refusal(reply: string): Promise<HandshakeError> {
    return expectError(await errorAfter(() => reply), HandshakeError, "")
}
