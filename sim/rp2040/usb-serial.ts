/** The serial port that an emulated RP2040's firmware offers on USB, as a computer with the cable in sees it. */
import { Duplex } from "node:stream"
import { USBCDC, type RP2040 } from "rp2040js"

/** Bytes that the emulator takes at once. */
const PACKET = 64

/** Plugs the USB cable in. To be called before the chip starts. */
export function usbSerial(rp2040: RP2040): Duplex {
    const { usbCtrl } = rp2040
    const cdc = new USBCDC(usbCtrl)
    let waiting: Buffer = Buffer.alloc(0)
    let taken = () => {}
    let ready: (() => void) | undefined

    function feed() {
        const bytes = waiting.subarray(0, PACKET)
        waiting = waiting.subarray(PACKET)
        for (const byte of bytes) cdc.sendSerialByte(byte)
        if (waiting.length === 0) taken()
    }

    // the emulator would answer with nothing, again and again; a computer answers when it has something
    const read = usbCtrl.onEndpointRead!
    usbCtrl.onEndpointRead = (endpoint, size) => {
        if (endpoint === 0) return read(endpoint, size)
        const go = () => {
            ready = undefined
            feed()
            read(endpoint, size)
        }
        if (waiting.length) go()
        else ready = go
    }
    const port = new Duplex({
        read() {},
        write(bytes: Buffer, _encoding, done) {
            waiting = bytes
            taken = () => {
                taken = () => {}
                done()
            }
            ready?.()
        },
    })
    cdc.onSerialData = bytes => void port.push(Buffer.from(bytes))
    return port
}
