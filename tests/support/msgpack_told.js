// What msgpack-lite reads in msgpack, and how it writes that: lines in and out as those of msgpack_told.py.

const msgpack = require('msgpack-lite');
const readline = require('readline');

const hex = (bytes) => Buffer.from(bytes).toString('hex');

function bits(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(number);
  return bytes.toString('hex');
}

function told(value) {
  if (value === null || value === undefined) return ['nil'];
  if (typeof value === 'boolean') return ['bool', value];
  if (typeof value === 'number') return ['float', bits(value)];
  if (typeof value === 'string') return ['str', hex(value)];
  if (Buffer.isBuffer(value)) return ['bin', hex(value)];
  if (Array.isArray(value)) return ['array', Array.from(value, told)];
  const type = value.constructor && value.constructor.name;
  if (type === 'ExtBuffer') return ['ext', (value.type << 24) >> 24, hex(value.buffer)];
  if (type !== undefined && type !== 'Object') return ['other', type];
  return ['map', Object.entries(value).map(([key, item]) => [told(key), told(item)])];
}

function answer(packed) {
  let value;
  try {
    value = msgpack.decode(packed);
  } catch (error) {
    return { refused: error.message };
  }
  try {
    return { value: told(value), packed: hex(msgpack.encode(value)) };
  } catch (error) {
    return { value: told(value), packed: null };
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(answer(Buffer.from(line.trim(), 'hex'))) + '\n');
});
