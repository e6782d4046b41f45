/** Puts settings into the VM's flash, over its settings service, as the dev server's deploy does. */
import type { Vm } from "./vm.ts"

/** Jacdac: the service class of `settings`, its command `set` (a name with a 0 behind it, then the value). */
const SETTINGS = 0x1107dc4a
const SET = 0x81
/** Jacdac: what fits into a frame with one packet. */
const MAX_PAYLOAD = 236
/** Jacdac: frame flag, "this is a command". */
const COMMAND = 1

/**
 * Stores settings. To be called before the program is deployed.
 * @param settings JSON in UTF-8, by name
 */
export function storeSettings(vm: Vm, settings: Record<string, Uint8Array>) {
    const { device, services } = announcement(vm)
    const service = services.indexOf(SETTINGS)
    for (const [name, value] of Object.entries(settings)) {
        const payload = Buffer.concat([Buffer.from(`${name}\0`), value])
        if (payload.length > MAX_PAYLOAD)
            throw new RangeError(
                `expected setting ${name} to fit into ${MAX_PAYLOAD} bytes, name included; it has ${payload.length}`
            )
        send(vm, frame(device, service, SET, payload))
        vm._jd_em_process()
    }
}

/** The VM's announcement of itself: which services it has, by index. */
function announcement(vm: Vm) {
    let found: { device: Uint8Array; services: number[] } | undefined
    const sendPacket = vm.sendPacket
    vm.sendPacket = packet => {
        // service 0, command 0: a 32-bit word of flags for service 0, then the class of each further service
        const view = new DataView(packet.buffer, packet.byteOffset)
        if (found || view.getUint8(13) !== 0 || view.getUint16(14, true) !== 0)
            return
        const count = view.getUint8(12) / 4
        found = {
            device: packet.slice(4, 12),
            services: Array.from({ length: count }, (_, i) =>
                i ? view.getUint32(16 + 4 * i, true) : 0
            ),
        }
    }
    vm._jd_em_process()
    vm.sendPacket = sendPacket
    if (!found)
        throw new Error("expected the VM to announce itself, it did not")
    return found
}

/** A Jacdac frame with one packet: CRC-16, size, flags, device id, then size, service, command and payload of the packet. */
function frame(
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

function send(vm: Vm, bytes: Uint8Array) {
    const pointer = vm._malloc(bytes.length)
    vm.HEAPU8.set(bytes, pointer)
    const code = vm._jd_em_frame_received(pointer)
    vm._free(pointer)
    if (code < 0)
        throw new Error(`expected the VM to take a frame, its code is ${code}`)
}
