/** A debug adapter on standard input and output, which starts all that a debug session needs, and ends it. */
import { runCommand, onStop } from "../../lib/command.ts"
import {
    DebugAdapter,
    type Debuggee,
    type Debuggees,
    type Start,
} from "../debugger/adapter.ts"
import { Rig, type RigListener } from "../debugger/debug-target.ts"
import { Channel } from "../debugger/protocol.ts"

/** A rig that lives as long as its session. */
class OwnRig implements Debuggees {
    private rig?: Promise<Rig>

    async open(start: Start, listener: RigListener): Promise<Debuggee> {
        this.rig = Rig.start(optionsOf(start), listener)
        const rig = await this.rig
        await rig.deploy()
        return rig
    }

    async close() {
        const rig = await this.rig?.catch(() => undefined)
        await rig?.close()
        process.stdin.destroy()
    }
}

function optionsOf({ device, noDebug, request, ...start }: Start) {
    const kind = request === "attach" ? "board" : "simulator"
    return { ...start, device: device ?? kind, debugged: !noDebug }
}

await runCommand(async () => {
    const rig = new OwnRig()
    new DebugAdapter(new Channel(process.stdin, process.stdout), rig)
    onStop(() => void rig.close())
    process.stdin.once("end", () => void rig.close())
})
