/**
 * Jacdac, the protocol in which DeviceScript boards are given settings and programs: frames with one or more packets.
 *
 * @see https://jacdac.github.io/jacdac-docs/reference/protocol/
 */

/** Flags of a frame. */
export const flag = { command: 1, acknowledge: 2, broadcast: 4 } as const

/** Service numbers that mean something else. */
export const index = {
    control: 0,
    broadcast: 0x3d,
    stream: 0x3e,
    acknowledgement: 0x3f,
} as const

/** Classes of services. */
export const service = {
    settings: 0x1107dc4a,
    deviceScriptManager: 0x1134ea2b,
    deviceScriptDebugger: 0x155b5b40,
    usbBridge: 0x18f61a4a,
    wifi: 0x18aae1fa,
} as const

/** Bytes of payload that fit into a frame with one packet. */
const MAX_PAYLOAD = 236

export interface Packet {
    flags: number
    /** 8 bytes in hex; of a broadcast the service's class and zeros. */
    device: string
    /** Number of the service on the device, or one of `index`. */
    service: number
    command: number
    payload: Uint8Array
}

/** CRC-16, size, flags, device id, then size, service, command and payload of the packet. */
export function encode(packet: Packet): Buffer {
    const { payload } = packet
    const size = (4 + payload.length + 3) & ~3
    const bytes = Buffer.alloc(12 + size)
    bytes[2] = size
    bytes[3] = packet.flags
    bytes.write(packet.device, 4, "hex")
    bytes[12] = payload.length
    bytes[13] = packet.service
    bytes.writeUInt16LE(packet.command, 14)
    bytes.set(payload, 16)
    bytes.writeUInt16LE(crc(bytes), 0)
    return bytes
}

/** @returns the packets of a frame; none when its checksum or its sizes are wrong */
export function decode(frame: Uint8Array): Packet[] {
    const bytes = Buffer.from(frame)
    const end = 12 + (bytes[2] ?? 0)
    const content = bytes.subarray(0, end)
    if (
        bytes.length < Math.max(end, 16) ||
        bytes.readUInt16LE(0) !== crc(content)
    )
        return []
    const packets: Packet[] = []
    for (let at = 12; at + 4 <= end; at += (4 + bytes[at] + 3) & ~3) {
        const payload = bytes.subarray(at + 4, at + 4 + bytes[at])
        packets.push({
            flags: bytes[3],
            device: bytes.toString("hex", 4, 12),
            service: bytes[at + 1],
            command: bytes.readUInt16LE(at + 2),
            payload,
        })
    }
    return packets
}

/** @returns the classes of a device's services, by number, if the packet is what a device announces itself with */
export function announced(packet: Packet): number[] | undefined {
    const { flags, service, command, payload } = packet
    if (flags & flag.command || service !== index.control || command !== 0)
        return undefined
    // a word of flags for service 0, then the class of each further one
    const bytes = Buffer.from(payload)
    return Array.from({ length: bytes.length >> 2 }, (_, i) =>
        i ? bytes.readUInt32LE(4 * i) : 0
    )
}

/** The checksum of a frame, by which it is acknowledged, too: CRC-16/CCITT of all behind it, initial value 0xffff. */
export function crc(frame: Uint8Array): number {
    let crc = 0xffff
    for (const byte of frame.subarray(2)) {
        crc ^= byte << 8
        for (let bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
    }
    return crc
}

/** The command that sets a setting: its name, a zero, its value. @throws RangeError when it does not fit into a frame */
export function settingPayload(name: string, value: Uint8Array): Buffer {
    const payload = Buffer.concat([Buffer.from(`${name}\0`), value])
    if (payload.length > MAX_PAYLOAD)
        throw new RangeError(
            `expected setting ${name} to fit into ${MAX_PAYLOAD} bytes, name included; it has ${payload.length}`
        )
    return payload
}
