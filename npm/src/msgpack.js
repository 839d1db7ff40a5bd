// msgpack: JavaScript values to bytes and back, as the tables in index.d.ts say.
//
// A codec of its own, because it is small, because a value that cannot be sent is to be named by where it stands, and
// because what is read was checked by the core before: nothing here has to defend itself against a peer.

import { MeshError } from "./errors.js";

const DEPTH = 16;
/** Up to so many bytes, a text of ASCII is read letter by letter: a decoder takes longer to be called than that. */
const SHORT = 12;
const text = new TextDecoder("utf-8", { ignoreBOM: true });
const utf8 = new TextEncoder();

/** A value that cannot be sent. `place` grows from the inside to the outside as the error passes. */
class Unsendable extends Error {
  place = "";
}

/** Appends values to bytes that grow. */
class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #around = [];

  get written() {
    return this.#bytes.slice(0, this.#at);
  }

  value(value) {
    switch (typeof value) {
      case "undefined":
        return this.#byte(0xc0);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "number":
        return this.#number(value);
      case "string":
        return this.#text(value);
      case "bigint":
        return this.#big(value);
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value);
      default:
        throw new Unsendable(`is a ${typeof value}, which cannot be sent`);
    }
  }

  /** Whole numbers go as integers, so that Python reads `1` and not `1.0`; -0, which no integer is, as a float. */
  #number(value) {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return this.#integer(value);
    this.#head(0xcb, 8).setFloat64(this.#at - 8, value);
  }

  #integer(value) {
    if (value < 0) this.#negative(value);
    else if (value < 0x80) this.#byte(value);
    else if (value < 0x100) this.#head(0xcc, 1).setUint8(this.#at - 1, value);
    else if (value < 0x10000) this.#head(0xcd, 2).setUint16(this.#at - 2, value);
    else if (value < 0x100000000) this.#head(0xce, 4).setUint32(this.#at - 4, value);
    else this.#head(0xcf, 8).setBigUint64(this.#at - 8, BigInt(value));
  }

  #negative(value) {
    if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#head(0xd0, 1).setInt8(this.#at - 1, value);
    else if (value >= -0x8000) this.#head(0xd1, 2).setInt16(this.#at - 2, value);
    else if (value >= -0x80000000) this.#head(0xd2, 4).setInt32(this.#at - 4, value);
    else this.#head(0xd3, 8).setBigInt64(this.#at - 8, BigInt(value));
  }

  #big(value) {
    if (value === BigInt(Number(value)) && Number.isSafeInteger(Number(value))) return this.#integer(Number(value));
    if (value === BigInt.asUintN(64, value)) this.#head(0xcf, 8).setBigUint64(this.#at - 8, value);
    else if (value === BigInt.asIntN(64, value)) this.#head(0xd3, 8).setBigInt64(this.#at - 8, value);
    else throw new Unsendable("is a bigint outside of -2^63 to 2^64-1");
  }

  /** Encoded in place; what it comes to is known only then, so the head is given the room that it may need. */
  #text(value) {
    if (value.length < 32) return this.#shortText(value);
    const bytes = utf8.encode(value);
    this.#length(bytes.length, 0xa0, 32, 0xd9, 0xda, 0xdb);
    this.#append(bytes);
  }

  #shortText(value) {
    this.#reserve(2 + 3 * value.length);
    const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#at + 2));
    const head = written < 32 ? 1 : 2;
    if (head === 1) this.#bytes.copyWithin(this.#at + 1, this.#at + 2, this.#at + 2 + written);
    else this.#bytes[this.#at + 1] = written;
    this.#bytes[this.#at] = head === 1 ? 0xa0 | written : 0xd9;
    this.#at += head + written;
  }

  #object(value) {
    if (value instanceof ArrayBuffer) return this.#binary(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return this.#binary(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    if (this.#around.includes(value)) throw new Unsendable("holds itself: only trees can be sent");
    if (this.#around.length >= DEPTH) throw new Unsendable(`nests deeper than ${DEPTH} levels`);
    this.#around.push(value);
    if (Array.isArray(value)) this.#array(value);
    else if (value instanceof Map) this.#map(value);
    else this.#plain(value);
    this.#around.pop();
  }

  #binary(bytes) {
    this.#length(bytes.length, 0, 0, 0xc4, 0xc5, 0xc6);
    this.#append(bytes);
  }

  #array(items) {
    this.#length(items.length, 0x90, 16, 0, 0xdc, 0xdd);
    for (let at = 0; at < items.length; at += 1) this.#part(items[at], `[${at}]`);
  }

  #map(map) {
    this.#length(map.size, 0x80, 16, 0, 0xde, 0xdf);
    for (const [key, value] of map) {
      this.#part(key, " (a key)");
      this.#part(value, typeof key === "string" ? `.get(${JSON.stringify(key)})` : ".get(…)");
    }
  }

  #plain(object) {
    if (!isPlain(object)) {
      throw new Unsendable(
        `is of class ${object.constructor?.name || "foreign object"}: send plain objects, arrays, Maps, bytes, strings, numbers, booleans or null`,
      );
    }
    const keys = Object.keys(object);
    this.#length(keys.length, 0x80, 16, 0, 0xde, 0xdf);
    for (const key of keys) {
      this.#text(key);
      const step = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      this.#part(read(object, key, step), step);
    }
  }

  #part(value, step) {
    try {
      this.value(value);
    } catch (error) {
      throw placed(error, step);
    }
  }

  /** The head of what has a length: a short form below `least`, else one of 8, 16 or 32 bits. */
  #length(length, short, least, one, two, four) {
    if (length < least) this.#byte(short | length);
    else if (one !== 0 && length < 0x100) this.#head(one, 1).setUint8(this.#at - 1, length);
    else if (length < 0x10000) this.#head(two, 2).setUint16(this.#at - 2, length);
    else this.#head(four, 4).setUint32(this.#at - 4, length);
  }

  #byte(byte) {
    this.#reserve(1);
    this.#bytes[this.#at] = byte;
    this.#at += 1;
  }

  /** A marker, and room for so many bytes behind it, which end where the writing goes on. */
  #head(marker, room) {
    this.#reserve(1 + room);
    this.#bytes[this.#at] = marker;
    this.#at += 1 + room;
    return this.#view;
  }

  #append(bytes) {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(room) {
    if (this.#at + room <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + room));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Takes values off bytes. `views` gives bytes as views on them, for those who let go of both soon. */
export class Reader {
  #bytes;
  #view;
  #views;
  #at = 0;

  constructor(bytes, views) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#views = views;
  }

  get left() {
    return this.#bytes.length - this.#at;
  }

  /** Bytes, as a view however bytes are given. */
  view() {
    const length = this.#unsigned(1 << (this.#bytes[this.#at++] - 0xc4));
    const at = this.#over(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The values within bytes, one after the other. */
  within() {
    const end = this.#unsigned(1 << (this.#bytes[this.#at++] - 0xc4)) + this.#at;
    const values = [];
    while (this.#at < end) values.push(this.value());
    return values;
  }

  value() {
    const marker = this.#bytes[this.#at++];
    if (marker < 0x80) return marker;
    if (marker < 0x90) return this.#map(marker & 0x0f);
    if (marker < 0xa0) return this.#array(marker & 0x0f);
    if (marker < 0xc0) return this.#text(marker & 0x1f);
    return marker < 0xe0 ? this.#marked(marker) : marker - 0x100;
  }

  #marked(marker) {
    switch (marker) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#taken(this.#unsigned(1 << (marker - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#unsigned(1 << (marker - 0xc7)));
      case 0xca:
        return this.#view.getFloat32(this.#over(4));
      case 0xcb:
        return this.#view.getFloat64(this.#over(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(1 << (marker - 0xcc));
      case 0xcf:
        return smallest(this.#view.getBigUint64(this.#over(8)));
      case 0xd0:
        return this.#view.getInt8(this.#over(1));
      case 0xd1:
        return this.#view.getInt16(this.#over(2));
      case 0xd2:
        return this.#view.getInt32(this.#over(4));
      case 0xd3:
        return smallest(this.#view.getBigInt64(this.#over(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (marker - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 << (marker - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 << (marker - 0xde)));
      default:
        return this.#extension(1 << (marker - 0xd4));
    }
  }

  #unsigned(size) {
    const at = this.#over(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** Steps over so many bytes, and says where they begin. */
  #over(size) {
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError("msgpack that ends early");
    return this.#at - size;
  }

  #taken(length) {
    const at = this.#over(length);
    return this.#views ? this.#bytes.subarray(at, at + length) : this.#bytes.slice(at, at + length);
  }

  #text(length) {
    const at = this.#over(length);
    if (length > SHORT) return text.decode(this.#bytes.subarray(at, at + length));
    let short = "";
    for (let next = at; next < at + length; next += 1) {
      const byte = this.#bytes[next];
      if (byte >= 0x80) return text.decode(this.#bytes.subarray(at, at + length));
      short += String.fromCharCode(byte);
    }
    return short;
  }

  #extension(length) {
    const type = this.#view.getInt8(this.#over(1));
    return { type, data: this.#taken(length) };
  }

  #array(length) {
    const items = [];
    for (let at = 0; at < length; at += 1) items.push(this.value());
    return items;
  }

  #map(length) {
    const entries = [];
    for (let at = 0; at < length; at += 1) entries.push([this.value(), this.value()]);
    // Object.fromEntries defines properties: `__proto__` is one like any other.
    return entries.every(([key]) => typeof key === "string") ? Object.fromEntries(entries) : new Map(entries);
  }
}

/** The packets as msgpack, one after the other. `name` is what to call them in an error. */
export function encode(values, name = "packets") {
  const writer = new Writer();
  for (let at = 0; at < values.length; at += 1) {
    try {
      writer.value(values[at]);
    } catch (error) {
      throw error instanceof Unsendable ? refusal(placed(error, `${name}[${at}]`)) : error;
    }
  }
  return writer.written;
}

/** One value as msgpack. */
export function encodeOne(value) {
  const writer = new Writer();
  writer.value(value);
  return writer.written;
}

/** All values in the bytes. */
export function decode(bytes, { views = false } = {}) {
  const reader = new Reader(bytes, views);
  const values = [];
  while (reader.left > 0) values.push(reader.value());
  return values;
}

function placed(error, step) {
  if (error instanceof Unsendable) error.place = step + error.place;
  return error;
}

const refusal = ({ place, message }) => new MeshError("bad-argument", `${place} ${message}`);

function read(object, key, step) {
  try {
    return object[key];
  } catch {
    throw placed(new Unsendable("threw when it was read"), step);
  }
}

/** An object literal, or one without a prototype: comparing with `Object.prototype` would refuse those of another frame. */
function isPlain(object) {
  const parent = Object.getPrototypeOf(object);
  return parent === null || Object.getPrototypeOf(parent) === null;
}

/** Big integers that a number can tell apart are numbers. */
const smallest = (big) => (big === BigInt.asIntN(54, big) && Number.isSafeInteger(Number(big)) ? Number(big) : big);
