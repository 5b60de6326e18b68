//! Turns an object into what stands in a pack: a short header, and its body compressed.

use std::io;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::store::object::Object;
use crate::store::object::ObjectKind;

/// Compresses objects. Keeps its working memory, which costs more to set up than a small object
/// costs to compress.
#[derive(Debug)]
pub(super) struct Deflater(ZlibEncoder<Vec<u8>>);

impl Default for Deflater {
    fn default() -> Self {
        Self(ZlibEncoder::new(Vec::new(), Compression::fast()))
    }
}

impl Deflater {
    /// The entry of a pack for `object`.
    pub(super) fn entry(&mut self, object: &Object) -> io::Result<Vec<u8>> {
        push_header(self.0.get_mut(), object.kind, object.body.len());
        self.0.write_all(&object.body)?;
        self.0.reset(Vec::new())
    }
}

/// Four bits of the length beside the kind, then seven bits a byte, the lowest first.
fn push_header(entry: &mut Vec<u8>, kind: ObjectKind, length: usize) {
    let kind = match kind {
        ObjectKind::Commit => 1,
        ObjectKind::Tree => 2,
        ObjectKind::Blob => 3,
    };
    let more = |rest: usize| if rest > 0 { 0x80 } else { 0 };
    let mut rest = length >> 4;
    entry.push(more(rest) | kind << 4 | (length & 0x0f) as u8);
    while rest > 0 {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        entry.push(more(rest) | low);
    }
}

/// Whether an entry that begins with this byte stands on its own, as all that we write do.
pub(super) fn is_whole(first: u8) -> bool {
    matches!(first >> 4 & 7, 1..=3)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crate::store::object::blob;

    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        let mut deflater = Deflater::default();
        let noise: Vec<u8> =
            (0..200_000_u32).flat_map(|n| crc32fast::hash(&n.to_le_bytes()).to_le_bytes()).collect();
        #[rustfmt::skip]
        let cases = [
            (Vec::new(),            vec![0x30]),
            (vec![1; 15],           vec![0x3f]),
            (vec![1; 16],           vec![0xb0, 0x01]),
            (vec![7; 0x7ff],        vec![0xbf, 0x7f]),
            (vec![7; 0x800],        vec![0xb0, 0x80, 0x01]),
            (noise,                 vec![0xb0, 0xd0, 0x86, 0x03]),
        ];
        for (body, header) in cases {
            let object = blob(body);
            let entry = deflater.entry(&object).unwrap();
            assert!(entry.starts_with(&header), "{:x?}", &entry[..6]);
            assert!(is_whole(entry[0]));
            let mut back = Vec::new();
            flate2::read::ZlibDecoder::new(&entry[header.len()..]).read_to_end(&mut back).unwrap();
            assert!(back == object.body, "{} bytes", object.body.len());
        }
    }
}
