/** DHCP messages (RFC 2131), options of RFC 2132. */
import { u16 } from "../byte-order"
import { IpConfig } from "./ip"

export const DHCP_DISCOVER = 1
export const DHCP_OFFER = 2
export const DHCP_REQUEST = 3
export const DHCP_ACK = 5
export const DHCP_NAK = 6

const BOOTREQUEST = 1
const BOOTREPLY = 2
const ETHERNET = 1
const COOKIE = "63825363"
/** Where the options begin, behind the cookie; what fits into every BOOTP message (RFC 951). */
const OPTIONS = 240
const SIZE = 300

const OPTION_MASK = 1
const OPTION_ROUTER = 3
const OPTION_DNS = 6
const OPTION_HOST_NAME = 12
const OPTION_REQUESTED_IP = 50
const OPTION_LEASE = 51
const OPTION_OVERLOAD = 52
const OPTION_TYPE = 53
const OPTION_SERVER = 54
const OPTION_PARAMETERS = 55
const OPTION_RENEWAL = 58
const OPTION_REBINDING = 59
const OPTION_CLIENT_ID = 61
const OPTION_END = 255

/** What the client says. */
export interface DhcpRequest {
    type: number
    /** Four random bytes that the answer repeats. */
    xid: Buffer
    mac: Buffer
    hostName: string
    /** The address that the client uses already. */
    current?: Buffer
    /** The address that it would like to have. */
    wanted?: Buffer
    /** The server whose offer it takes. */
    server?: Buffer
}

/** What a server says. */
export interface DhcpReply extends IpConfig {
    type: number
    /** Undefined, as the others below, when the server does not say. */
    server: Buffer
    /** Seconds. */
    lease: number
    renewal: number
    rebinding: number
}

export function encodeRequest(request: DhcpRequest): Buffer {
    const { mac, current } = request
    const message = Buffer.alloc(SIZE)
    message[0] = BOOTREQUEST
    message[1] = ETHERNET
    message[2] = 6
    message.blitAt(4, request.xid, 0, 4)
    // without an address the chip hears broadcasts only
    if (current) message.blitAt(12, current, 0, 4)
    else message[10] = 0x80
    message.blitAt(28, mac, 0, 6)
    message.blitAt(OPTIONS - 4, Buffer.from(COOKIE, "hex"), 0, 4)

    let at = OPTIONS
    function put(code: number, value: Buffer) {
        message[at] = code
        message[at + 1] = value.length
        message.blitAt(at + 2, value, 0, value.length)
        at += 2 + value.length
    }
    put(OPTION_TYPE, Buffer.from([request.type]))
    put(OPTION_CLIENT_ID, Buffer.concat(Buffer.from([ETHERNET]), mac))
    // RFC 2132, 3.14: at least one byte; more than 24 would not leave room for the rest
    const text = Buffer.from(request.hostName)
    const name = text.slice(0, Math.min(text.length, 24))
    if (name.length) put(OPTION_HOST_NAME, name)
    if (request.wanted) put(OPTION_REQUESTED_IP, request.wanted)
    if (request.server) put(OPTION_SERVER, request.server)
    const parameters = [
        OPTION_MASK,
        OPTION_ROUTER,
        OPTION_DNS,
        OPTION_LEASE,
        OPTION_RENEWAL,
        OPTION_REBINDING,
    ]
    put(OPTION_PARAMETERS, Buffer.from(parameters))
    message[at] = OPTION_END
    return message
}

/**
 * @returns undefined when the message is not a sound answer to this client's request
 */
export function decodeReply(
    message: Buffer,
    xid: Buffer,
    mac: Buffer
): DhcpReply {
    if (message.length < OPTIONS || message[0] !== BOOTREPLY) return undefined
    if (message[1] !== ETHERNET || message[2] !== 6) return undefined
    if (message.getAt(4, "u32") !== xid.getAt(0, "u32")) return undefined
    if (message.slice(28, 34).toString("hex") !== mac.toString("hex"))
        return undefined
    if (message.slice(OPTIONS - 4, OPTIONS).toString("hex") !== COOKIE)
        return undefined

    const reply: DhcpReply = {
        type: 0,
        ip: message.slice(16, 20),
        mask: Buffer.from([255, 255, 255, 0]),
        gateway: Buffer.alloc(4),
        dns: [],
        server: undefined,
        lease: undefined,
        renewal: undefined,
        rebinding: undefined,
    }
    const overload = readOptions(reply, message, OPTIONS, message.length)
    if (overload === undefined) return undefined
    // RFC 2131, 4.1: more options in the fields file (bit 0) and sname (bit 1)
    if (overload & 1 && readOptions(reply, message, 108, 236) === undefined)
        return undefined
    if (overload & 2 && readOptions(reply, message, 44, 108) === undefined)
        return undefined
    return isSound(reply) ? reply : undefined
}

function isSound(reply: DhcpReply): boolean {
    if (!reply.type) return false
    if (reply.type === DHCP_NAK) return true
    const first = reply.ip[0]
    return first > 0 && first < 224 && first !== 127
}

/** @returns the value of option 52, 0 without one; undefined when an option reaches beyond the end */
function readOptions(
    reply: DhcpReply,
    message: Buffer,
    at: number,
    end: number
): number {
    let overload = 0
    while (at < end && message[at] !== OPTION_END) {
        const code = message[at++]
        if (code === 0) continue
        if (at >= end) return undefined
        const value = at + 1
        const length = message[at]
        at = value + length
        if (at > end) return undefined
        if (code === OPTION_OVERLOAD && length === 1) overload = message[value]
        else readOption(reply, code, message.slice(value, at))
    }
    return overload
}

function readOption(reply: DhcpReply, code: number, value: Buffer) {
    if (code === OPTION_TYPE && value.length === 1) reply.type = value[0]
    if (value.length < 4) return
    const four = value.slice(0, 4)
    if (code === OPTION_MASK && value[0]) reply.mask = four
    else if (code === OPTION_ROUTER) reply.gateway = four
    else if (code === OPTION_SERVER) reply.server = four
    else if (code === OPTION_LEASE) reply.lease = seconds(value)
    else if (code === OPTION_RENEWAL) reply.renewal = seconds(value)
    else if (code === OPTION_REBINDING) reply.rebinding = seconds(value)
    else if (code === OPTION_DNS) {
        reply.dns = [four]
        if (value.length >= 8) reply.dns.push(value.slice(4, 8))
    }
}

/** Unsigned: 0xffffffff is a lease for ever (RFC 2131, 3.3). */
function seconds(value: Buffer): number {
    return u16(value, 0) * 65536 + u16(value, 2)
}
