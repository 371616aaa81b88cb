//! The wire: frames of `Content-Length` headers and JSON bodies in and out. Knows no method and no state.

use std::io::{self, BufRead, Read, Write};

use serde_json::Value;

/// Bodies above this are skipped: no editor sends them, and their length may be a mistake.
const MOST_BYTES: u64 = 256 << 20;
/// Header lines above this are no headers.
const MOST_HEADER: u64 = 8 << 10;

/// What stands in one frame.
#[derive(Debug)]
pub enum Frame {
    Body(Value),
    /// Not JSON, or no frame: what is wrong with it.
    Malformed(String),
}

/// Reads the next frame; `None` at the end of the stream.
///
/// # Errors
/// What the operating system says.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let length = match headers(input)? {
        Headers::End => return Ok(None),
        Headers::Broken(why) => return Ok(Some(Frame::Malformed(why))),
        Headers::Length(length) => length,
    };
    if length > MOST_BYTES {
        io::copy(&mut input.take(length), &mut io::sink())?;
        let why = format!("a message of {length} bytes is above the limit of {MOST_BYTES}");
        return Ok(Some(Frame::Malformed(why)));
    }
    // Grows as bytes come: the length may promise more than there is.
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(value) => Frame::Body(value),
        Err(error) => Frame::Malformed(format!("not JSON: {error}")),
    }))
}

enum Headers {
    Length(u64),
    Broken(String),
    End,
}

/// Reads headers up to the empty line behind them. A line that is no header ends the frame as broken: the next one
/// starts behind it.
fn headers(input: &mut impl BufRead) -> io::Result<Headers> {
    let mut length = None;
    let mut seen = false;
    loop {
        let mut line = Vec::new();
        let read = input.take(MOST_HEADER).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(Headers::End);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            match length {
                Some(length) => return Ok(Headers::Length(length)),
                // Blank lines between frames do no harm.
                None if !seen => continue,
                None => return Ok(Headers::Broken("no Content-Length".into())),
            }
        }
        seen = true;
        let Some((name, value)) = text.split_once(':') else {
            return Ok(Headers::Broken(format!("no header: {}", shortened(text))));
        };
        if name.trim().eq_ignore_ascii_case("content-length") {
            match value.trim().parse() {
                Ok(number) => length = Some(number),
                Err(_) => {
                    let value = shortened(value.trim());
                    return Ok(Headers::Broken(format!("Content-Length: {value}")));
                }
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Writes one frame.
///
/// # Errors
/// What the operating system says: the client is gone.
pub fn write(output: &mut impl Write, message: &Value) -> io::Result<()> {
    let body = serde_json::to_vec(message).map_err(io::Error::other)?;
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend(body);
    output.write_all(&frame)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<String> {
        let mut input = bytes;
        let mut out = Vec::new();
        while let Some(frame) = read(&mut input).expect("memory can be read") {
            out.push(match frame {
                Frame::Body(value) => value.to_string(),
                Frame::Malformed(why) => why,
            });
        }
        out
    }

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        let message = serde_json::json!({"method": "é😀"});
        write(&mut out, &message).expect("memory can be written");
        write(&mut out, &message).expect("memory can be written");
        assert_eq!(frames(&out), [message.to_string(), message.to_string()]);
    }

    #[test]
    fn other_headers_are_read_over_and_bad_bodies_cost_one_message() {
        let text = b"content-length: 2\r\nContent-Type: x\r\n\r\n{}Content-Length: 3\r\n\r\n{,}\
            Content-Length: 2\r\n\r\n[]";
        let found = frames(text);
        assert_eq!((found[0].as_str(), found[2].as_str()), ("{}", "[]"));
        assert!(found[1].starts_with("not JSON"), "{}", found[1]);
    }

    #[test]
    fn broken_headers_are_said_and_what_follows_is_read() {
        let found = frames(b"rubbish\r\nX: y\r\n\r\nContent-Length: 2\r\n\r\n{}");
        assert_eq!(found, ["no header: rubbish", "no Content-Length", "{}"]);
        assert_eq!(
            frames(b"Content-Length: -1\r\n\r\n"),
            ["Content-Length: -1"]
        );
    }

    #[test]
    fn a_frame_that_is_cut_off_is_the_end() {
        assert!(frames(b"Content-Length: 20\r\n\r\n{}").is_empty());
        assert!(frames(b"Content-Le").is_empty() || frames(b"Content-Le").len() == 1);
    }
}
