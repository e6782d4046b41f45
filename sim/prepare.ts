/** What is told to the VM's own services before its program is deployed, as the dev server's deploy does. */
import { commandFrame, readAnnouncement, type Announcement } from "./jacdac.ts"
import { injectFrame, type Vm } from "./vm.ts"

/** Jacdac: the service class of `settings`, its command `set` (a name with a 0 behind it, then the value). */
const SETTINGS = 0x1107dc4a
const SET = 0x81
/** Jacdac: the service class of `devicescript manager`, its register `autostart` (a byte), and the bit that sets a register. */
const MANAGER = 0x1134ea2b
const AUTOSTART = 0x81
const SET_REGISTER = 0x2000
/** Jacdac: what fits into a frame with one packet. */
const MAX_PAYLOAD = 236

/** What the VM is told. */
export interface Preparation {
    /** JSON in UTF-8, by name. */
    settings: Record<string, Uint8Array>
    /** The program waits for a debugger to start it. */
    held: boolean
}

export function prepare(vm: Vm, { settings, held }: Preparation): void {
    const tell = speakerTo(vm)
    for (const [name, value] of Object.entries(settings)) {
        const payload = Buffer.concat([Buffer.from(`${name}\0`), value])
        if (payload.length > MAX_PAYLOAD)
            throw new RangeError(
                `expected setting ${name} to fit into ${MAX_PAYLOAD} bytes, name included; it has ${payload.length}`
            )
        tell(SETTINGS, SET, payload)
    }
    if (held) tell(MANAGER, SET_REGISTER | AUTOSTART, Buffer.of(0))
}

/** Sends commands to the VM's services, by their classes. */
function speakerTo(vm: Vm) {
    const { device, services } = announcement(vm)
    return (service: number, command: number, payload: Uint8Array) => {
        const index = services.indexOf(service)
        const code = injectFrame(
            vm,
            commandFrame(device, index, command, payload)
        )
        if (code < 0)
            throw new Error(
                `expected the VM to take a frame, its code is ${code}`
            )
        vm._jd_em_process()
    }
}

/** The VM's announcement of itself. */
function announcement(vm: Vm): Announcement {
    let found: Announcement | undefined
    const sendPacket = vm.sendPacket
    vm.sendPacket = packet => (found ??= readAnnouncement(packet))
    vm._jd_em_process()
    vm.sendPacket = sendPacket
    if (!found)
        throw new Error("expected the VM to announce itself, it did not")
    return found
}
