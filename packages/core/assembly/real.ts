// The number type of one build: f32 for training; the build script puts f64 in its place for checking and explaining.
export type real = f32;

/** Elements of `real` in one 128-bit vector: 4 for f32, 2 for f64. */
// @ts-ignore: decorator
@inline export const LANES: i32 = 16 / sizeof<real>();
