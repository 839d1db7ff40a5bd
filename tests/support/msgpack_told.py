"""What u-msgpack-python reads in msgpack, and how it writes that.

Each line of the input is msgpack in hexadecimal. Each line of the output is JSON: {"value": ..., "packed": hexadecimal}, or
{"refused": why}. Values are told with their types, as pairs: ["int", "7"], ["float", bits], ["str", hexadecimal] and so on.
"""

import datetime
import json
import struct
import sys

import umsgpack


def told(value):
    if value is None:
        return ["nil"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["float", struct.pack(">d", value).hex()]
    if isinstance(value, str):
        return ["str", value.encode("utf-8").hex()]
    if isinstance(value, bytes):
        return ["bin", value.hex()]
    if isinstance(value, (list, tuple)):
        return ["array", [told(item) for item in value]]
    if isinstance(value, dict):
        return ["map", [[told(key), told(item)] for key, item in value.items()]]
    if isinstance(value, umsgpack.Ext):
        return ["ext", value.type, value.data.hex()]
    if isinstance(value, datetime.datetime):
        return ["other", "datetime"]
    return ["other", type(value).__name__]


def answer(packed):
    try:
        value = umsgpack.unpackb(packed)
    except (umsgpack.UnpackException, RecursionError) as error:
        return {"refused": type(error).__name__}
    except (OverflowError, ValueError) as error:
        return {"refused": type(error).__name__}
    return {"value": told(value), "packed": umsgpack.packb(value).hex()}


def main():
    for line in sys.stdin:
        print(json.dumps(answer(bytes.fromhex(line.strip()))), flush=True)


if __name__ == "__main__":
    main()
