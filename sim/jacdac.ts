/**
 * The little of Jacdac, the VM's bus, that is needed beside the VM. A frame: CRC-16, size of what follows the device, flags,
 * device (8 bytes), then packets: size, service, command (2 bytes), payload.
 */

/** Frame flag: "this is a command". */
const COMMAND = 1

/** Service 0's command 0: a device tells which services it has. */
const ANNOUNCE = 0

/** What a device says of itself twice a second. */
export interface Announcement {
    /** 8 bytes. */
    device: Uint8Array
    /** The class of each service, by index; 0 is the device's own control service. */
    services: number[]
}

/** @returns undefined when the frame is something else */
export function readAnnouncement(frame: Uint8Array): Announcement | undefined {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
    if (view.getUint8(13) !== 0 || view.getUint16(14, true) !== ANNOUNCE)
        return undefined
    // the first of the 32-bit words is of flags
    const count = view.getUint8(12) / 4
    return {
        device: frame.slice(4, 12),
        services: Array.from({ length: count }, (_, i) =>
            i ? view.getUint32(16 + 4 * i, true) : 0
        ),
    }
}

/**
 * A frame with one packet, which is a command.
 * @param service its index in the announcement
 * @param payload at most 236 bytes
 */
export function commandFrame(
    device: Uint8Array,
    service: number,
    command: number,
    payload: Uint8Array
): Buffer {
    const size = (4 + payload.length + 3) & ~3
    const bytes = Buffer.alloc(12 + size)
    bytes[2] = size
    bytes[3] = COMMAND
    bytes.set(device, 4)
    bytes[12] = payload.length
    bytes[13] = service
    bytes.writeUInt16LE(command, 14)
    bytes.set(payload, 16)
    bytes.writeUInt16LE(crc16(bytes.subarray(2)), 0)
    return bytes
}

/** CRC-16/CCITT, initial value 0xffff. */
function crc16(bytes: Uint8Array): number {
    let crc = 0xffff
    for (const byte of bytes) {
        crc ^= byte << 8
        for (let bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
    }
    return crc
}
