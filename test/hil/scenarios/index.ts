/** All scenarios, theme by theme. */
import type { Scenario } from "../scenario.ts"
import { CELLULAR } from "./cellular.ts"
import { ETHERNET } from "./ethernet.ts"
import { EVERYDAY } from "./everyday.ts"
import { LINK } from "./link.ts"
import { MISBEHAVIOUR } from "./misbehaviour.ts"
import { OUTAGES } from "./outages.ts"
import { MESSAGE_SIZES } from "./sizes.ts"
import { TIME } from "./time.ts"
import { WIFI } from "./wifi.ts"

export const SCENARIOS: Scenario[] = [
    ...EVERYDAY,
    ...MESSAGE_SIZES,
    ...OUTAGES,
    ...LINK,
    ...WIFI,
    ...ETHERNET,
    ...CELLULAR,
    ...MISBEHAVIOUR,
    ...TIME,
]
