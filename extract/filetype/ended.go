package filetype

import "bytes"

// EndWithin is how many of the last bytes of a document Ended looks at.
const EndWithin = 1024

// Ended reports whether a document has the end that its own format gives it, so that nothing of it can be missing.
func Ended(body []byte) bool {
	tail := bytes.ToLower(bytes.TrimRight(body[max(0, len(body)-EndWithin):], "\x00\t\n\f\r "))
	switch {
	case bytes.HasPrefix(body, []byte("%PDF-")):
		return bytes.Contains(tail, []byte("%%eof"))
	case bytes.HasPrefix(body, []byte("PK")):
		return bytes.Contains(tail, []byte("pk\x05\x06")) // the end of the directory
	}
	return bytes.HasSuffix(tail, []byte("</html>"))
}
