//! MQTT 3.1.1 of a client, as far as one topic with quality of service 0 needs it.

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const CLEAN_SESSION: u8 = 2;

pub(crate) fn connect(client: &str) -> Vec<u8> {
    let mut body = b"\0\x04MQTT\x04".to_vec();
    body.extend([CLEAN_SESSION, 0, 0]);
    text(&mut body, client);
    packet(CONNECT, &body)
}

pub(crate) fn subscribe(topic: &str) -> Vec<u8> {
    let mut body = vec![0, 1];
    text(&mut body, topic);
    body.push(0);
    packet(SUBSCRIBE, &body)
}

/// What stands before the payload of a message.
pub(crate) fn publish(out: &mut Vec<u8>, topic: &str, length: usize) {
    out.push(PUBLISH);
    put_length(out, 2 + topic.len() + length);
    text(out, topic);
}

/// Of the packet that begins with this header: whether it is a message, and how much follows; `None` if the header is not
/// whole.
pub(crate) fn parse(header: &[u8]) -> Option<(bool, usize)> {
    let [first, length @ ..] = header else {
        return None;
    };
    length.last().filter(|last| *last & 128 == 0)?;
    let digits = length.iter().rev();
    let length = digits.fold(0, |sum, digit| sum << 7 | usize::from(digit & 127));
    Some((first & 0xf0 == PUBLISH, length))
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    put_length(&mut packet, body.len());
    packet.extend(body);
    packet
}

fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length > 127 {
        out.push(length as u8 | 128);
        length >>= 7;
    }
    out.push(length as u8);
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_as_it_is_written() {
        for length in [0, 127, 128, 16_383, 16_384, 70_000] {
            let mut packet = vec![PUBLISH];
            put_length(&mut packet, length);
            assert_eq!(parse(&packet), Some((true, length)));
            assert_eq!(parse(&packet[..packet.len() - 1]), None);
        }
    }
}
