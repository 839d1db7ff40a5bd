/** The middle one, or the lower of the two. */
export const median = (numbers) => numbers.toSorted((one, other) => one - other)[(numbers.length - 1) >> 1];
