// Numbers of 16 bits (IEEE 754 binary16).

/** The number of some bits: 1 of sign, 5 of exponent, 10 of fraction. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  // 2^(e − 25) without a power function: the exponent field of a double
  const scale =
    new Float64Array(
      new BigUint64Array([BigInt(1023 + Math.max(exponent, 1) - 25) << 52n]).buffer,
    )[0] ?? 0;
  return sign * (exponent === 0 ? fraction : 1024 + fraction) * scale;
}
