//! As much of msgpack as 0.7 needs.

pub(crate) fn text(out: &mut Vec<u8>, text: &[u8]) {
    if text.len() < 32 {
        out.push(0xa0 | text.len() as u8);
    } else {
        out.extend([0xd9, text.len() as u8]);
    }
    out.extend(text);
}

pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        length @ ..=0xff => out.extend([0xc4, length as u8]),
        length @ ..=0xffff => {
            out.push(0xc5);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(0xc6);
            out.extend((length as u32).to_be_bytes());
        }
    }
    out.extend(bytes);
}

pub(crate) fn number(out: &mut Vec<u8>, number: u32) {
    out.push(0xce);
    out.extend(number.to_be_bytes());
}
