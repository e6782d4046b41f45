/** The suite: families of cases. */
import type { Case, Probe } from "../script.ts"
import { closing } from "./close.ts"
import { control } from "./control.ts"
import { endurance } from "./endurance.ts"
import { fragmentation } from "./fragmentation.ts"
import { badFrames, framing } from "./framing.ts"
import { guards } from "./guards.ts"
import { handshakes } from "./handshake.ts"
import { largest } from "./large.ts"
import { reservedBits, reservedOpcodes } from "./reserved.ts"
import { roundTrips } from "./roundtrips.ts"
import { badUtf8, goodUtf8, incompleteUtf8 } from "./utf8.ts"

export interface Family {
    title: string
    cases: (Case | Probe)[]
}

/** The order gives the cases their numbers: family, dot, case. */
export const FAMILIES: Family[] = [
    { title: "Opening handshake", cases: handshakes() },
    { title: "Framing", cases: framing() },
    { title: "Lengths and masks that are not allowed", cases: badFrames() },
    { title: "Pings and pongs", cases: control() },
    { title: "Reserved bits", cases: reservedBits() },
    { title: "Reserved opcodes", cases: reservedOpcodes() },
    { title: "Fragmentation", cases: fragmentation() },
    { title: "UTF-8 that is good", cases: goodUtf8() },
    { title: "UTF-8 that is not", cases: badUtf8() },
    { title: "UTF-8 that is incomplete", cases: incompleteUtf8() },
    { title: "Closing", cases: closing() },
    { title: "Round trips", cases: roundTrips() },
    { title: "More than the heap can hold", cases: guards() },
    { title: "Endurance", cases: endurance() },
    { title: "Largest messages", cases: largest() },
]
