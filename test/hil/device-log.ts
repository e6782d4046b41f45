/** The log of a device, and waiting for a line of it. */
import { Transcript } from "../../sim/transcript.ts"
import type { LogLine } from "./device.ts"

/** What back ends keep their device's log in. */
export class DeviceLog {
    readonly lines: LogLine[] = []
    private readonly transcript = new Transcript()

    /** @param pace see `BackEnd.pace` */
    constructor(private readonly pace = 1) {}

    add(text: string) {
        this.lines.push({ at: performance.now(), text })
        this.transcript.add({ level: "log", text })
    }

    /** See `Device.expect`. */
    expect(
        wanted: string | RegExp,
        timeout = 10_000
    ): Promise<RegExpExecArray> {
        return this.transcript.expect(wanted, timeout * this.pace)
    }

    /** Nothing will be added any more: whoever waits learns why. */
    end(why: string) {
        this.transcript.end(why)
    }
}
