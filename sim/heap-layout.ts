/** Where the VM of DeviceScript 2.16.4 keeps its heap and what reaches into it: byte offsets, for 32-bit pointers. */

export const WORD = 4
/** devs_gc_t: 6 words, directly followed by its chunk. */
export const GC = { firstChunk: 4, context: 20, size: 24 }
/** devs_gc_chunk_t */
export const CHUNK = { next: 0, end: 4, start: 8 }
/** devs_ctx_t, devs_fiber_t, devs_role_t, devs_pin_state_t: offsets of what the collector starts from. */
export const CONTEXT = {
    globals: 0,
    diagnostic: 48,
    exception: 56,
    stackTop: 67,
    builtinCount: 68,
    pinCount: 74,
    roleCount: 76,
    stack: 88,
    /** fn_protos, fn_values, spec_protos */
    maps: [216, 220, 224],
    image: 228,
    fibers: 240,
    roles: 244,
    builtins: 248,
    gc: 288,
    pins: 296,
}
export const IMAGE_GLOBAL_COUNT = 12
export const FIBER = { next: 0, result: 32, activation: 40 }
export const ROLE = { name: 0, attached: 12 }
export const PIN_SIZE = 24
export const FUNCTION_SLOT_COUNT = 8

/** DEVS_GC_TAG_*; the header of a block has its tag in the upper byte and its size in words below. */
export const TAG = {
    free: 1,
    bytes: 2,
    array: 3,
    map: 4,
    buffer: 5,
    boundFunction: 7,
    activation: 8,
    halfStaticMap: 9,
    shortMap: 10,
    packet: 11,
    image: 13,
}
export const TYPES = [
    "null",
    "free",
    "bytes",
    "array",
    "map",
    "buffer",
    "string",
    "bound_function",
    "activation",
    "half_static_map",
    "short_map",
    "packet",
    "string_jmp",
    "image",
]
export const PINNED = 0x40
export const FINAL_HEADER = 0x4f000001
