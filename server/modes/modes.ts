import { echo } from "./echo.ts"
import type { Mode } from "./mode.ts"
import { plotter } from "./plotter.ts"
import { prefix } from "./prefix.ts"
import { relay } from "./relay.ts"
import { reverse } from "./reverse.ts"
import { tutorial } from "./tutorial.ts"

/** The modes by name. */
export const MODES = {
    reverse,
    echo,
    prefix,
    tutorial,
    relay,
    plotter,
} satisfies Record<string, Mode>

export type ModeName = keyof typeof MODES
